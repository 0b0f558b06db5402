import type { Chance } from "./operations-world.ts";

/** The operations of a simulated device; each may start those behind it. */
export const OPERATIONS = ["a", "b", "c"] as const;

/** A workflow definition by chance: mostly sound, now and then with a target that does not exist. */
export function randomWorkflow(chance: Chance, operation: string): string {
  const names = Array.from({ length: 1 + chance.below(5) }, (_, index) => `s${index}`);
  const states = names.flatMap((name, index) => {
    const later = names.slice(index + 1);
    const to = () => (chance.happens(0.004) ? "nowhere" : chance.pick([...later, ...later, "successful", "failed"]));
    return chance.pick(STATES)({ chance, operation, name, to, all: names });
  });
  const defaults = chance.happens(0.2) ? [`on_error = "failed"`, "timeout_second = 90"] : [];
  return [
    `operation = "${operation}"`,
    ...defaults,
    `[init]\naction = "proceed"\non_success = "${chance.pick(names)}"`,
    ...states,
  ].join("\n");
}

interface Place {
  readonly chance: Chance;
  readonly operation: string;
  readonly name: string;
  /** A state behind this one, or a final one. */
  readonly to: () => string;
  readonly all: readonly string[];
}

const SCRIPT = `"run \${.topic} \${.payload.status}"`;

const STATES: readonly ((place: Place) => string[])[] = [
  ({ name, to }) => [`[${name}]\naction = "proceed"\non_success = "${to()}"`],
  script,
  script,
  ({ name, to }) => [`[${name}]\nbackground_script = ${SCRIPT}\non_exec = "${to()}"`],
  subOperation,
  subOperation,
  loop,
  loopOfSubOperations,
  transfer,
  ({ name, to }) => [`[${name}]\naction = "builtin:b:none"\non_success = "${to()}"\non_error = "${to()}"`],
  ({ name, to }) => [
    `[${name}]\naction = "restart-agent"\non_exec = "${name}w"`,
    `[${name}w]\naction = "await-agent-restart"\non_success = "${to()}"\non_timeout = "${to()}"`,
  ],
];

function script({ chance, name, to, all }: Place): string[] {
  const told = chance.happens(0.5) ? [`on_stdout = ["${to()}", "${to()}"]`] : [];
  const success = chance.happens(0.7) ? [`on_success = "${to()}"`] : told;
  const again = chance.happens(0.15) ? chance.pick(all) : to();
  const error = chance.happens(0.5) ? [`on_error = { status = "${to()}", reason = "because" }`] : [];
  const kill = chance.happens(0.3) ? [`on_kill = "${chance.pick(all)}"`] : [];
  const handlers = [...success, `on_exit.2 = "${again}"`, ...error, ...kill, "timeout_second = 60"];
  return [`[${name}]\nscript = ${SCRIPT}\n${handlers.join("\n")}`];
}

function subOperation({ chance, operation, name, to }: Place): string[] {
  const wait = chance.happens(0.9) ? `${name}w` : to();
  return [start(chance, operation, name, wait), awaitIt(chance, `${name}w`, to(), to())];
}

function loop({ name, to }: Place): string[] {
  return [
    `[${name}]\niterate = "\${.payload.items}"\non_next = "${name}i"\non_success = "${to()}"`,
    `[${name}i]\nscript = ${SCRIPT}\non_success = "${name}"\non_error = "${to()}"`,
  ];
}

/** Starts sub-commands with the same id again and again. */
function loopOfSubOperations({ chance, operation, name, to }: Place): string[] {
  return [
    `[${name}]\niterate = "\${.payload.items}"\non_next = "${name}i"\non_success = "${to()}"`,
    start(chance, operation, `${name}i`, `${name}w`),
    awaitIt(chance, `${name}w`, name, chance.happens(0.7) ? name : to()),
  ];
}

function start(chance: Chance, operation: string, name: string, onExec: string): string {
  const next = OPERATIONS.filter((other) => other > operation);
  const sub = chance.happens(0.15) || next.length === 0 ? "unknown" : chance.pick(next);
  return `[${name}]\noperation = "${sub}"\ninput = { items = [1, 2.0] }\non_exec = "${onExec}"`;
}

function awaitIt(chance: Chance, name: string, onSuccess: string, onError: string): string {
  const timeout = chance.happens(0.4) ? `timeout_second = 40\non_timeout = "${onError}"` : "";
  const handlers = `on_success = "${onSuccess}"\non_error = "${onError}"\n${timeout}`;
  return `[${name}]\naction = "await-operation-completion"\n${handlers}`;
}

function transfer({ chance, name, to }: Place): string[] {
  const action = chance.pick(["download", "upload"]);
  return [`[${name}]\naction = "${action}"\ninput.path = "/x"\non_success = "${to()}"\non_error = "${to()}"`];
}
