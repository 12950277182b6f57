/**
 * A reporter for node:test that prints, once all has run, the tests that failed: file, name and reason. TAP
 * prints them where they happened, which in thousands of lines nobody finds.
 */

import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";

type Failure = Extract<TestEvent, { type: "test:fail" }>["data"];

/**
 * What node:test calls for the events of a whole run; nothing is printed if nothing failed. It takes a reporter as
 * a default export only.
 */
// oxlint-disable-next-line import/no-default-export
export default async function* failuresReporter(
  events: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  const failures: Failure[] = [];
  for await (const event of events) {
    if (event.type === "test:fail") failures.push(event.data);
  }
  for (const failure of failures) yield told(failure);
}

/** One failed test in a few lines. */
export function told(failure: Failure): string {
  const where = failure.file === undefined ? "?" : relative(process.cwd(), failure.file);
  const error: Error = failure.details.error;
  const cause = error.cause instanceof Error ? error.cause : error;
  const reason = (cause.stack ?? cause.message).split("\n").slice(0, 30).join("\n    ");
  return `FAILED ${where}:${failure.line ?? 0} ${failure.name}\n    ${reason}\n`;
}
