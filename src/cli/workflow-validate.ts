import { readFile } from "node:fs/promises";
import { excerpt, lineAndColumn } from "../base/excerpt.ts";
import { toFault } from "../base/fault.ts";
import { stringifyJson } from "../base/json.ts";
import { type Problem, type Review, reviewDefinition } from "../operations/workflow/review-definition.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface WorkflowValidateArgs {
  readonly files: readonly string[];
  readonly json: boolean;
}

/** `tedge workflow validate`: every mistake of every file, with its place; exit 1 if there is any. Warnings alone are a success. */
export async function workflowValidate(context: CliContext, args: WorkflowValidateArgs): Promise<CommandOutcome> {
  const reviews = await Promise.all(args.files.map(async (file) => ({ file, review: await review(file) })));
  const shown = args.json ? `${stringifyJson(reviews.map(toJson))}\n` : reviews.map(toText).join("");
  await context.stdout(shown);
  const isValid = reviews.every(({ review: { problems } }) => countOf(problems, "error") === 0);
  return { kind: "done", exit: isValid ? 0 : 1 };
}

interface ReviewedFile {
  readonly file: string;
  readonly review: Review;
}

async function review(file: string): Promise<Review> {
  try {
    return reviewDefinition(file, await readFile(file));
  } catch (thrown) {
    const message = `Cannot read the file: ${toFault(thrown).message}`;
    return { text: "", problems: [{ severity: "error", message, span: { start: 0, end: 0 } }] };
  }
}

function toText({ file, review: { text, operation, problems } }: ReviewedFile): string {
  const excerpts = problems.map((problem) => `${excerpt(text, { file, ...problem })}\n\n`).join("");
  return `${excerpts}${file}: ${verdict(problems)}${operation === undefined ? "" : ` (operation ${operation})`}\n`;
}

function verdict(problems: readonly Problem[]): string {
  const [errors, warnings] = [countOf(problems, "error"), countOf(problems, "warning")];
  const found = [
    ...(errors === 0 ? [] : [errors === 1 ? "1 mistake" : `${errors} mistakes`]),
    ...(warnings === 0 ? [] : [warnings === 1 ? "1 warning" : `${warnings} warnings`]),
  ];
  return [errors === 0 ? "valid" : "invalid", ...found].join(", ");
}

function toJson({ file, review: { text, operation, problems } }: ReviewedFile) {
  return {
    file,
    ...(operation === undefined ? {} : { operation }),
    valid: countOf(problems, "error") === 0,
    problems: problems.map(({ severity, message, span, note }) => {
      return { severity, message, ...lineAndColumn(text, span.start), ...(note === undefined ? {} : { note }) };
    }),
  };
}

function countOf(problems: readonly Problem[], severity: Problem["severity"]): number {
  return problems.filter((problem) => problem.severity === severity).length;
}
