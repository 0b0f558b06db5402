/**
 * A state machine that decides and does nothing else: from a state and an input it gives the next state and what has to be done.
 * It reads no clock, no file and no random source: these are inputs.
 */
export interface Machine<State, Input, Effect> {
  readonly initial: State;
  step(state: State, input: Input): Step<State, Effect>;
}

export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Runs a machine: inputs are taken strictly one after the other, the effects of each are started in order before the next input. */
export interface MachineDriver<State, Input> {
  readonly state: State;
  send(input: Input): void;
}

/**
 * `perform` must not throw and must not wait: an effect that takes time reports its end as an input.
 * An input sent from inside `perform` is taken after the effects of the current one.
 */
export function drive<State, Input, Effect>(
  machine: Machine<State, Input, Effect>,
  perform: (effect: Effect) => void,
): MachineDriver<State, Input> {
  let state = machine.initial;
  const inputs: Input[] = [];
  let running = false;
  return {
    get state() {
      return state;
    },
    send(input) {
      inputs.push(input);
      if (running) return;
      running = true;
      try {
        for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
          const step = machine.step(state, next);
          state = step.state;
          for (const effect of step.effects) perform(effect);
        }
      } finally {
        running = false;
      }
    },
  };
}
