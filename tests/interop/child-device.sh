#!/bin/sh
# A child device in shell: registers itself, publishes its load, and takes configuration updates.
# usage: child-device.sh NAME CONFIG-FILE    needs mosquitto-clients and curl; MQTT_HOST and MQTT_PORT say where the broker is
device=te/device/$1// config=$2
pub() { mosquitto_pub -h "${MQTT_HOST:-localhost}" -p "${MQTT_PORT:-1883}" -q 1 "$@"; }
sub() { mosquitto_sub -h "${MQTT_HOST:-localhost}" -p "${MQTT_PORT:-1883}" -q 1 "$@"; }
answer() { pub -r -t "$topic" -m "$(printf %s "$command" | sed "s/\"status\": *\"init\"/\"status\":\"$1\"/")"; }

pub -r -t "$device" -m "{\"@type\":\"child-device\",\"name\":\"$1\",\"type\":\"linux\"}"
pub -r -t "$device/cmd/config_update" -m '{"types":["device"]}'
pub -t "$device/m/load" -m "{\"load\":$(cut -d ' ' -f 1 /proc/loadavg)}"
sub -t "$device/cmd/config_update/+" -F '%t %p' | while read -r topic command; do
  printf %s "$command" | grep -q '"status": *"init"' || continue
  answer executing
  url=$(printf %s "$command" | sed 's/.*"tedgeUrl": *"\([^"]*\)".*/\1/')
  if curl -sSf --retry 3 -o "$config.new" "$url" && mv "$config.new" "$config"; then
    answer successful
  else
    answer 'failed","reason":"The configuration could not be downloaded'
  fi
done
