import type { Result } from "../base/result.ts";
import type { TomlPath } from "../base/toml-place.ts";
import { evaluateCondition } from "./condition.ts";
import { expandLoop } from "./loop.ts";
import { inFront, type Mistake, mistake } from "./mistake.ts";
import type { References } from "./references.ts";
import { type BridgeRule, checkRule } from "./rule.ts";
import type { RuleEntry, RuleFile, TemplateRuleEntry } from "./rule-file.ts";
import { expandTemplate, expandText, parseTemplate } from "./template.ts";

/** What a file gives: its rules that are switched on, in order of precedence, or what is wrong with it, all of it. */
export interface Expansion {
  readonly rules: readonly BridgeRule[];
  readonly mistakes: readonly PlacedMistake[];
}

/** A mistake and the value of the file that holds it. */
export interface PlacedMistake extends Mistake {
  readonly path: TomlPath;
}

/** Fills in a rule file: all `[[rule]]`s, then all `[[template_rule]]`s. What is switched off is filled in too, so that its mistakes show (spec/bridges-and-mappers §2.5). */
export function expandRules(file: RuleFile, references: References): Expansion {
  const expander = new Expander(references);
  const on = expander.condition("global", file.if, ["if"]);
  const defaults: Prefixes = {
    local_prefix: expander.prefix("local_prefix", file.local_prefix, ["local_prefix"]),
    remote_prefix: expander.prefix("remote_prefix", file.remote_prefix, ["remote_prefix"]),
  };
  const rules = [
    ...file.rule.flatMap((entry, index) => expander.rule(entry, ["rule", index], defaults)),
    ...file.template_rule.flatMap((entry, index) => expander.templateRule(entry, ["template_rule", index], defaults)),
  ];
  return { rules: on ? rules : [], mistakes: expander.mistakes };
}

type Prefix = "local_prefix" | "remote_prefix";

/** `absent`: not written. `broken`: written, and its mistake is told already. */
type Value = { readonly kind: "value"; readonly text: string } | { readonly kind: "absent" | "broken" };
type Prefixes = Readonly<Record<Prefix, Value>>;
type Entry = RuleEntry | TemplateRuleEntry;

class Expander {
  readonly mistakes: PlacedMistake[] = [];
  readonly #references: References;

  constructor(references: References) {
    this.#references = references;
  }

  rule(entry: RuleEntry, path: TomlPath, defaults: Prefixes): readonly BridgeRule[] {
    const prefixes = this.#prefixes("rule", entry, path, defaults);
    const topic = this.#value("Failed to expand topic: ", expandText(entry.topic, this.#references), [
      ...path,
      "topic",
    ]);
    const on = this.condition("rule-specific", entry.if, [...path, "if"]);
    return on ? this.#checked(entry, path, prefixes, topic === undefined ? [] : [topic]) : [];
  }

  templateRule(entry: TemplateRuleEntry, path: TomlPath, defaults: Prefixes): readonly BridgeRule[] {
    const prefixes = this.#prefixes("template_rule", entry, path, defaults);
    const loop = expandLoop(entry.for, this.#references);
    const items = this.#value("Failed to expand 'for' reference: ", loop, [...path, "for"]);
    const topics = items === undefined ? [] : this.#topics(entry, path, items);
    const on = this.condition("rule-specific", entry.if, [...path, "if"]);
    return on ? this.#checked(entry, path, prefixes, topics) : [];
  }

  condition(which: "global" | "rule-specific", text: string | undefined, path: TomlPath): boolean {
    if (text === undefined) return true;
    const holds = evaluateCondition(text, this.#references);
    return this.#value(`Failed to expand ${which} condition: `, holds, path) ?? false;
  }

  prefix(name: Prefix, text: string | undefined, path: TomlPath): Value {
    if (text === undefined) return { kind: "absent" };
    const value = this.#value(`Failed to expand ${name}: `, expandText(text, this.#references), path);
    return value === undefined ? { kind: "broken" } : { kind: "value", text: value };
  }

  #prefixes(kind: "rule" | "template_rule", entry: Entry, path: TomlPath, defaults: Prefixes): Prefixes {
    const either = (name: Prefix): Value => {
      const own = this.prefix(name, entry[name], [...path, name]);
      const value = own.kind === "absent" ? defaults[name] : own;
      if (value.kind === "absent") {
        const note = `Add '${name}' to this rule, or define it globally at the top of the file`;
        this.#tell(mistake("missing", `Missing '${name}' for ${kind}`, undefined, note), path);
      }
      return value;
    };
    return { local_prefix: either("local_prefix"), remote_prefix: either("remote_prefix") };
  }

  /** The topics of a template rule. The template itself is checked once, also when there is nothing to run over. */
  #topics(entry: TemplateRuleEntry, path: TomlPath, items: readonly string[]): readonly string[] {
    const place = "Failed to expand topic template: ";
    const parsed = parseTemplate(entry.topic);
    const template = this.#value(place, parsed, [...path, "topic"]);
    if (template === undefined) return [];
    const checked = this.#value(place, expandTemplate(template, this.#references, ""), [...path, "topic"]);
    if (checked === undefined) return [];
    return items.flatMap((item) => {
      const topic = expandTemplate(template, this.#references, item);
      return topic.ok ? [topic.value] : [];
    });
  }

  #checked(entry: Entry, path: TomlPath, prefixes: Prefixes, topics: readonly string[]): readonly BridgeRule[] {
    const { local_prefix: local, remote_prefix: remote } = prefixes;
    if (local.kind !== "value" || remote.kind !== "value") return [];
    const rules: BridgeRule[] = [];
    for (const topic of topics) {
      const rule = { localPrefix: local.text, remotePrefix: remote.text, topic, direction: entry.direction };
      const wrong = checkRule(rule);
      if (wrong === undefined) rules.push(rule);
      else this.#tell(mistake("invalid-rule", wrong.message), [...path, "topic"]);
    }
    return rules;
  }

  #value<T>(place: string, result: Result<T, Mistake>, path: TomlPath): T | undefined {
    if (result.ok) return result.value;
    this.#tell(inFront(place, result.fault), path);
    return undefined;
  }

  #tell(made: Mistake, path: TomlPath): void {
    this.mistakes.push({ ...made, path });
  }
}
