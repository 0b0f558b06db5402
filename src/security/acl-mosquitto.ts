import { type AclRule, type AclSection, mergeRules } from "./acl-rule.ts";

export interface MosquittoAcl {
  /** How clients are told apart: by the user name that they log in with, or by the common name of their certificates. */
  readonly names: "user" | "certificate";
  readonly sections: readonly AclSection[];
  /** For every client, `%u` being its name. */
  readonly patterns: readonly AclRule[];
  /** Where the file is going to be. */
  readonly path: string;
}

/** The text of an `acl_file` of mosquitto, with comments that say how to use it. Sections of one user become one. */
export function formatMosquittoAcl(acl: MosquittoAcl): string {
  const users = [...Map.groupBy(acl.sections, ({ user }) => user).values()];
  return [
    ...usage(acl),
    ...users.flatMap(formatUser),
    ...(acl.patterns.length === 0 ? [] : formatPatterns(acl.patterns)),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

/** Whether an id can stand in the file: a rule ends with its line. */
export function isAclText(text: string): boolean {
  return !/[\p{Cc}\u2028\u2029]/u.test(text);
}

/** Whether a client can have this name: mosquitto takes the rest of a line without the blanks around it, and no `:` in its password file. */
export function isAclName(name: string, names: MosquittoAcl["names"]): boolean {
  return name !== "" && name === name.trim() && isAclText(name) && !(names === "user" && name.includes(":"));
}

function usage({ names, path }: MosquittoAcl): readonly string[] {
  const { listener, client, what } = USAGE[names];
  return [
    "# Who may publish and read what on the bus. Written by `tedge acl mosquitto`; to be written again when devices come and go.",
    "# In mosquitto's configuration, above the first listener, and below the line of each listener that devices use:",
    "#   per_listener_settings true",
    ...[...listener, `acl_file ${path}`].map((line) => `#   ${line}`),
    "# Then restart mosquitto; when only this file has changed, `systemctl reload mosquitto` is enough. On each device with tebus:",
    ...client.map((line) => `#   ${line}`),
    "# What is not allowed here is forbidden: mosquitto drops such a message and tells nobody but its log (log_type all).",
    `# The names below are ${what}.`,
  ];
}

const USAGE = {
  user: {
    what: "user names",
    listener: [
      "allow_anonymous false",
      "password_file /etc/mosquitto/passwords     (made by: mosquitto_passwd -c /etc/mosquitto/passwords <user>)",
    ],
    client: [
      "tedge config set mqtt.client.auth.username <user>",
      "tedge config set mqtt.client.auth.password_file <file with the password>",
    ],
  },
  certificate: {
    what: "common names of client certificates",
    listener: ["cafile, certfile and keyfile as for TLS", "require_certificate true", "use_identity_as_username true"],
    client: [
      "tedge config set mqtt.client.auth.ca_file <authority of the broker>",
      "tedge config set mqtt.client.auth.cert_file <certificate>",
      "tedge config set mqtt.client.auth.key_file <private key>",
    ],
  },
} as const;

function formatUser(sections: readonly AclSection[]): readonly string[] {
  const [first] = sections;
  if (first === undefined) return [];
  const rules = mergeRules(sections.flatMap((section) => section.rules));
  return [
    "",
    ...sections.map(({ title }) => `# ${title}`),
    `user ${first.user}`,
    ...rules.map(({ access, filter }) => `topic ${access} ${filter}`),
  ];
}

function formatPatterns(rules: readonly AclRule[]): readonly string[] {
  return [
    "",
    "# Every child device of the default scheme: %u is its name, and the name of its entity: device/%u//.",
    "# It holds for all clients, so nobody must be called `main`, nor have the name of a device that is not his.",
    ...mergeRules(rules).map(({ access, filter }) => `pattern ${access} ${filter}`),
  ];
}
