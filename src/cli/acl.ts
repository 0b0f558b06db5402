import { resolve } from "node:path";
import { findUser, type UserAccount } from "../base/account.ts";
import { replaceFile } from "../base/atomic-file.ts";
import { fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseEntityId } from "../bus/entity-id.ts";
import { readCertificateName } from "../config/certificate-name.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { formatMosquittoAcl, isAclName, isAclText } from "../security/acl-mosquitto.ts";
import type { AclRule, AclSection } from "../security/acl-rule.ts";
import {
  type AclMapper,
  anyChildRules,
  childRules,
  mainAgentRules,
  mapperRules,
  operatorRules,
  sensorRules,
} from "../security/acl-rules.ts";
import { type AclChild, namedChild, registeredChildren } from "./acl-children.ts";
import { aclMappers } from "./acl-mappers.ts";
import { chooseMappers } from "./choose-mappers.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface AclArgs {
  readonly names: "user" | "certificate";
  /** Default: the name that the configuration of this gateway has for the broker. */
  readonly agent?: string;
  /** Default: the agent's. */
  readonly mapper?: string;
  /** `<entity>` or `<entity>=<name>`; default: all child devices of the entity store. */
  readonly children?: readonly string[];
  /** One set of rules for all child devices. */
  readonly anyChild: boolean;
  /** `<name>=<entity>` */
  readonly sensors: readonly string[];
  readonly operators: readonly string[];
  /** Path of the file to write; default: standard output. */
  readonly output?: string;
}

/** Where the comments say that the file is, when it is only printed. */
const USUAL_PATH = "/etc/mosquitto/tedge.acl";

/** `tedge acl mosquitto`: the least rights of each client on the bus (spec/mqtt-api §16). */
export async function aclMosquitto(context: CliContext, args: AclArgs): Promise<CommandOutcome> {
  const misuse = misuseOf(args);
  if (misuse !== undefined) return { kind: "usage", text: misuse };
  const path = args.output === undefined ? USUAL_PATH : resolve(args.output);
  const text = await makeText(context, args, path);
  const done = text.ok && args.output !== undefined ? await write(context, path, text.value) : text;
  if (!done.ok) return { kind: "failed", description: "make the access control of mosquitto", fault: done.fault };
  if (text.ok && args.output === undefined) await context.stdout(text.value);
  return { kind: "done" };
}

function misuseOf({ names, agent, mapper, children = [], sensors, operators, anyChild }: AclArgs): string | undefined {
  if (anyChild && children.length > 0) return "--child and --any-child exclude each other";
  const wrong = sensors.find((sensor) => !/^[^=]+=.+$/.test(sensor));
  if (wrong !== undefined) return `'${wrong}' is not of the form <name>=<entity>`;
  const entities = [...children.map((child) => child.split("=")[0] ?? ""), ...sensors.map(entityOfSensor)];
  for (const text of entities) {
    const id = parseEntityId(text);
    if (!id.ok) return `'${text}': ${id.fault.message}`;
    if (!isAclText(id.value)) return `'${text}': control characters cannot stand in an acl_file`;
  }
  const given = [
    agent,
    mapper,
    ...children.map((child) => child.split("=")[1]),
    ...sensors.map(nameOfSensor),
    ...operators,
  ];
  const bad = given.find((name) => name !== undefined && !isAclName(name, names));
  return bad === undefined ? undefined : `${JSON.stringify(bad)} cannot be the name of a client of mosquitto`;
}

function nameOfSensor(sensor: string): string {
  return sensor.slice(0, sensor.indexOf("="));
}

function entityOfSensor(sensor: string): string {
  return sensor.slice(sensor.indexOf("=") + 1);
}

async function makeText(context: CliContext, args: AclArgs, path: string): Promise<Result<string>> {
  const { configDirectory: directory, environment, log } = context;
  const config = await loadConfig({ directory, environment, warn: (text) => log.warn(text) });
  if (!config.ok) return config;
  const root = config.value.get("mqtt.topic_root");
  const gateway = await gatewaySections(context, config.value, args);
  if (!gateway.ok) return gateway;
  const children = args.anyChild ? ok([]) : await childrenOf(context, config.value, args);
  if (!children.ok) return children;
  const patterns: readonly AclRule[] = args.anyChild ? anyChildRules(root) : [];
  const sections = [...gateway.value, ...childSections(root, children.value), ...otherSections(root, args)];
  return ok(formatMosquittoAcl({ names: args.names, sections, patterns, path }));
}

async function gatewaySections(
  context: CliContext,
  config: Config,
  args: AclArgs,
): Promise<Result<readonly AclSection[]>> {
  const custom = await chooseMappers(context, []);
  if (!custom.ok) return custom;
  const mappers = await aclMappers(config, custom.value);
  if (!mappers.ok) return mappers;
  const agent = args.agent ?? (await gatewayName(config, args.names));
  if (!isAclName(agent, args.names))
    return err(fault("no-name", `'${agent}' cannot be the name of a client: give another with --agent`));
  const root = config.get("mqtt.topic_root");
  const rules = mainAgentRules(root);
  if (args.mapper !== undefined && args.mapper !== agent) {
    const device = config.get("mqtt.device_topic_id");
    const all = mappers.value.length === 0 ? [NO_MAPPER] : mappers.value;
    const ofMappers = all.flatMap((mapper) => mapperRules(root, device, mapper));
    return ok([
      { title: "This gateway: the agent", user: agent, rules },
      { title: "Its mappers", user: args.mapper, rules: ofMappers },
    ]);
  }
  const beyond = mappers.value.flatMap(({ topics }) => topics).filter(({ filter }) => !filter.startsWith(`${root}/`));
  return ok([{ title: "This gateway: agent, mappers, `tedge mqtt`", user: agent, rules: [...rules, ...beyond] }]);
}

/** What every mapper needs, where none is set up yet. */
const NO_MAPPER: AclMapper = { services: [], topics: [] };

async function gatewayName(config: Config, names: AclArgs["names"]): Promise<string> {
  if (names === "user") return config.get("mqtt.client.auth.username") ?? "tedge";
  const path = config.get("mqtt.client.auth.cert_file");
  const name = path === undefined ? undefined : await readCertificateName(path);
  return name?.kind === "named" && name.commonName !== "" ? name.commonName : (config.get("device.id") ?? "tedge");
}

async function childrenOf(
  { stderr }: CliContext,
  config: Config,
  { children: named, names }: AclArgs,
): Promise<Result<readonly AclChild[]>> {
  if (named !== undefined) {
    const children: AclChild[] = [];
    for (const text of named) {
      const child = namedChild(text);
      if (!child.ok) return child;
      children.push(child.value);
    }
    return ok(children);
  }
  const registered = await registeredChildren(config);
  if (!registered.ok) return registered;
  return ok(
    registered.value.filter(({ id, name, services }) => {
      const isSound = [id, ...services].every(isAclText) && isAclName(name, names);
      if (!isSound) stderr(`warning: ${JSON.stringify(id)} is left out, as no client can be called so; see --child\n`);
      return isSound;
    }),
  );
}

function childSections(root: string, children: readonly AclChild[]): readonly AclSection[] {
  return children.map(({ id, name, services }) => ({
    title: `The child device ${id}`,
    user: name,
    rules: childRules(root, id, services),
  }));
}

function otherSections(root: string, { sensors, operators }: AclArgs): readonly AclSection[] {
  const publishing = sensors.flatMap((sensor): readonly AclSection[] => {
    const id = parseEntityId(entityOfSensor(sensor));
    if (!id.ok) return [];
    return [{ title: `Publishes for ${id.value}`, user: nameOfSensor(sensor), rules: sensorRules(root, id.value) }];
  });
  const asking = operators.map((user) => ({
    title: "Sees everything, asks for operations",
    user,
    rules: operatorRules(root),
  }));
  return [...publishing, ...asking];
}

/** For mosquitto alone, if there is such a user and it can be given to it; else for everybody, or mosquitto could not read it. */
async function write({ clock, stderr }: CliContext, path: string, text: string): Promise<Result<undefined>> {
  const broker: UserAccount | undefined = process.getuid?.() === 0 ? await findUser("mosquitto", clock) : undefined;
  const written = await replaceFile(path, text, broker === undefined ? {} : { mode: 0o600, owner: broker });
  if (written.ok) stderr(`Written to ${path}: see the comments at its top for what to do with it\n`);
  return written;
}
