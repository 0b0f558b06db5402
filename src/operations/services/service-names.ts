import { parse } from "node:path";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** What is to be done to which service. Values of a command reach a program that runs as root: they are names, never options or paths. */
export interface ServiceAction {
  readonly action: string;
  readonly service: string;
  /** `service` for what the service manager of the machine looks after; else the name of a service plugin. */
  readonly type: string;
}

/** Type of the services that `system.toml` knows how to manage. */
export const INIT_MANAGED = "service";

export type ServiceActionFault = Fault<"invalid-name" | "refused">;

const LONGEST = 200;
const SHAPES = {
  action: /^(?!-)[A-Za-z0-9_-]+$/,
  service: /^(?!-)[A-Za-z0-9_.@-]+$/,
  type: /^(?!-)[a-z0-9_-]+$/,
} as const;

const NAMES = { action: "action", service: "service name", type: "service type" } as const;

/** Checks the names, and that the command can be reported at its end (spec/operations §11.2). */
export function checkServiceAction(wanted: ServiceAction): Result<ServiceAction, ServiceActionFault> {
  for (const key of ["action", "service", "type"] as const) {
    const text = wanted[key];
    if (text.length > LONGEST || !SHAPES[key].test(text)) {
      return err(fault("invalid-name", `Invalid ${NAMES[key]}: ${JSON.stringify(text.slice(0, LONGEST))}`));
    }
  }
  const why = wanted.action.toLowerCase() === "stop" ? indispensable(wanted.service) : undefined;
  return why === undefined ? ok(wanted) : err(fault("refused", `Refusing to stop ${wanted.service}: ${why}`));
}

/** The agent, by itself or with all others in one process. */
export function isAgent(service: string): boolean {
  return AGENTS.has(unitName(service));
}

const AGENTS: ReadonlySet<string> = new Set(["tedge-agent", "tebus"]);
const CLOUD_MAPPER = /^tedge-mapper-(c8y|az|aws)(@.*)?$/;

function indispensable(service: string): string | undefined {
  if (isAgent(service)) return "without the agent nobody could report that it is stopped, or start it again";
  if (CLOUD_MAPPER.test(unitName(service))) return "without the connection to the cloud nobody could start it again";
  return undefined;
}

/** Service managers take the name with and without the ending. */
function unitName(service: string): string {
  const { name, ext } = parse(service);
  return ext === ".service" ? name : service;
}
