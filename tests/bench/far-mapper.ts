import { type Device, makeDevice } from "../system/world/device.ts";

/** A device with one mapper, `far`, that carries `l/…` of the local broker to `r/…` of another one. */
export function deviceWithFarMapper(localPort: number, farPort: number): Promise<Device> {
  return makeDevice({
    mqttPort: localPort,
    files: {
      "mappers/far/mapper.toml": [
        `url = "127.0.0.1:${farPort}"`,
        'auth_method = "password"',
        'credentials_path = "credentials.toml"',
        'device.id = "bench"',
        'bridge.tls.enable = "off"',
        "",
      ].join("\n"),
      "mappers/far/credentials.toml": '[credentials]\nusername = "bench"\npassword = "bench"\n',
      "mappers/far/bridge/rules.toml": [
        'local_prefix = "l/"',
        'remote_prefix = "r/"',
        "[[rule]]",
        'topic = "#"',
        'direction = "outbound"',
        "",
      ].join("\n"),
    },
  });
}
