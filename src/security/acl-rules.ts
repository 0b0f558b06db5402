import type { AclAccess, AclRule } from "./acl-rule.ts";

/** The least rights on the bus of each kind of client (spec/mqtt-api §16). `root` is the first segment of all topics, an id has four segments. */
export function mainAgentRules(root: string): readonly AclRule[] {
  return [rule("readwrite", `${root}/#`)];
}

/**
 * A child device whose agent is tebus, or which does the same by itself: it writes everything of its own, and reads what is meant for it.
 * `services` are ids of services of the device whose topics are not below its own.
 */
export function childRules(root: string, id: string, services: readonly string[] = []): readonly AclRule[] {
  const device = `${root}/${id}`;
  const name = deviceName(id);
  const agent = name === undefined ? [] : agentRules(`${root}/device/${name}/service`);
  return [
    ...ownTopics(root, id),
    rule("read", `${device}/cmd/#`),
    rule("read", `${device}/twin/+`),
    ...agent,
    ...services.flatMap((service) => [...ownTopics(root, service), rule("read", `${root}/${service}/cmd/#`)]),
  ];
}

/** An agent also takes commands for the services of its device (spec/operations §11.2). */
function agentRules(services: string): readonly AclRule[] {
  const own = ["signal/+", "status/health", "config"].map((channel) => `${services}/tedge-agent/${channel}`);
  return [`${services}/+/cmd/#`, ...own].map((filter) => rule("read", filter));
}

/** A program that only publishes for an entity: telemetry, twin data, its registration. */
export function sensorRules(root: string, id: string): readonly AclRule[] {
  return ownTopics(root, id);
}

/** Somebody who looks at everything, and asks for operations. */
export function operatorRules(root: string): readonly AclRule[] {
  return [
    rule("read", `${root}/#`),
    rule("write", `${root}/+/+/+/+/cmd/+/+`),
    rule("write", `${root}/+/+/+/+/signal/+`),
  ];
}

export interface AclMapper {
  /** Services on the bus: the mapper and its bridge. */
  readonly services: readonly string[];
  /** Topics outside of the bus that the mapper and its bridge use: `c8y/#`. */
  readonly topics: readonly AclRule[];
}

/** A mapper that has a client name of its own; `device` is the id of the main device. */
export function mapperRules(root: string, device: string, { services, topics }: AclMapper): readonly AclRule[] {
  const [first = "", second = ""] = device.split("/");
  return [
    rule("read", `${root}/#`),
    rule("write", `${root}/+/+/+/+/cmd/+/+`),
    ...services.map((service) => rule("write", `${root}/${first}/${second}/service/${service}/#`)),
    rule("write", `${root}/errors`),
    ...topics,
  ];
}

/** The rights of a child device of the default scheme whatever its name, which is that of the client: `%u` stands for it. */
export function anyChildRules(root: string): readonly AclRule[] {
  return childRules(root, "device/%u//");
}

function rule(access: AclAccess, filter: string): AclRule {
  return { access, filter };
}

/** Its registration and everything below; of a device of the default scheme also its services. */
function ownTopics(root: string, id: string): readonly AclRule[] {
  const name = deviceName(id);
  return [rule("write", name === undefined ? `${root}/${id}/#` : `${root}/device/${name}/#`)];
}

/** `valve` of `device/valve//`. */
function deviceName(id: string): string | undefined {
  return /^device\/([^/]+)\/\/$/.exec(id)?.[1];
}
