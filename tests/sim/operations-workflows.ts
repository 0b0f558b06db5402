import type { Chance } from "./operations-world.ts";

/** The operations of a simulated device; each may start those behind it. */
export const OPERATIONS = ["a", "b", "c"] as const;

/** A workflow definition by chance: mostly sound, now and then with a target that does not exist. */
export function randomWorkflow(chance: Chance, operation: string): string {
  const count = 1 + chance.below(5);
  const names = Array.from({ length: count }, (_, index) => `s${index}`);
  const states = names.flatMap((name, index) => randomState(chance, operation, name, names.slice(index + 1), names));
  const defaults = chance.happens(0.2) ? [`on_error = "failed"`, "timeout_second = 90"] : [];
  return [
    `operation = "${operation}"`,
    ...defaults,
    `[init]\naction = "proceed"\non_success = "${chance.pick(names)}"`,
    ...states,
  ].join("\n");
}

const SCRIPT = `"run \${.topic} \${.payload.status}"`;

function randomState(
  chance: Chance,
  operation: string,
  name: string,
  later: readonly string[],
  all: readonly string[],
): string[] {
  const to = () => (chance.happens(0.004) ? "nowhere" : chance.pick([...later, ...later, "successful", "failed"]));
  const wait = `${name}w`;
  switch (chance.below(9)) {
    case 0:
      return [`[${name}]\naction = "proceed"\non_success = "${to()}"`];
    case 1:
    case 2:
      return [`[${name}]\nscript = ${SCRIPT}\n${scriptHandlers(chance, to, all)}`];
    case 3:
      return [`[${name}]\nbackground_script = ${SCRIPT}\non_exec = "${to()}"`];
    case 4: {
      const next = OPERATIONS.filter((other) => other > operation);
      const sub = chance.happens(0.15) || next.length === 0 ? "unknown" : chance.pick(next);
      const start = `[${name}]\noperation = "${sub}"\ninput = { topics = [1, 2.0] }\non_exec = "${chance.happens(0.9) ? wait : to()}"`;
      const timeout = chance.happens(0.4) ? `timeout_second = 40\non_timeout = "${to()}"` : "";
      return [
        start,
        `[${wait}]\naction = "await-operation-completion"\non_success = "${to()}"\non_error = "${to()}"\n${timeout}`,
      ];
    }
    case 5:
      return [
        `[${name}]\niterate = "\${.payload.items}"\non_next = "${name}i"\non_success = "${to()}"`,
        `[${name}i]\nscript = ${SCRIPT}\non_success = "${name}"\non_error = "${to()}"`,
      ];
    case 6:
      return [
        `[${name}]\naction = "${chance.pick(["download", "upload"])}"\ninput.path = "/x"\non_success = "${to()}"\non_error = "${to()}"`,
      ];
    case 7:
      return [`[${name}]\naction = "builtin:b:none"\non_success = "${to()}"\non_error = "${to()}"`];
    default:
      return [
        `[${name}]\naction = "restart-agent"\non_exec = "${wait}"`,
        `[${wait}]\naction = "await-agent-restart"\non_success = "${to()}"\non_timeout = "${to()}"`,
      ];
  }
}

function scriptHandlers(chance: Chance, to: () => string, all: readonly string[]): string {
  const success = chance.happens(0.7)
    ? [`on_success = "${to()}"`]
    : chance.happens(0.5)
      ? [`on_stdout = ["${to()}", "${to()}"]`]
      : [];
  const again = chance.happens(0.15) ? chance.pick(all) : to();
  return [
    ...success,
    `on_exit.2 = "${again}"`,
    chance.happens(0.5) ? `on_error = { status = "${to()}", reason = "because" }` : "",
    chance.happens(0.3) ? `on_kill = "${chance.pick(all)}"` : "",
    "timeout_second = 60",
  ].join("\n");
}
