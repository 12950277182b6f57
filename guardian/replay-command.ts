/**
 * `guardian replay`: the recording of an incident through the reducer again, here and not in the
 * daemon, which only hands it out. It comes from the running daemon, from a copy of the journal's
 * file, or from a file that `--save` wrote.
 */
import { openSync, readFileSync, readSync, closeSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { formatProblems } from "../shared/config-problems.ts";
import { describeError } from "../shared/errors.ts";
import { parseDuration } from "../shared/time.ts";
import { readGuardianConfig } from "./config.ts";
import { replay } from "./core/replay.ts";
import { describeReplay, describeSize } from "./replay-report.ts";
import type { Settings } from "./core/settings.ts";
import type { RecordedIncident, Recording, RecordingSize } from "./ports.ts";
import { settingsFrom } from "./settings-from-config.ts";
import {
  isRecordingText,
  readRecordingText,
  recordingLines,
  type IncidentRecording,
} from "./shell/recording-file.ts";
import { framesOf } from "./shell/recording-frames.ts";
import { createRecordingReader } from "./shell/recording-table.ts";
import { openDatabase } from "./shell/sqlite.ts";

export interface ReplayOptions {
  /** Undefined: say what is recorded. */
  readonly incident: string | undefined;
  readonly socket: string;
  readonly journal: string | undefined;
  readonly policy: string | undefined;
  readonly for: string;
  readonly save: string | undefined;
}

const exits = { ok: 0, different: 1, usage: 2 } as const;
/** A read of the daemon's answer that takes longer has failed. */
const answerMsMax = 60_000;

/** Runs the verb; prints by `print`, returns the exit code. */
export async function runReplay(
  options: ReplayOptions,
  print: (text: string) => void,
): Promise<number> {
  const forMs = parseDuration(options.for);
  if (forMs === undefined) {
    print(`guardian: --for ${options.for}: is not a duration such as "15m"`);
    return exits.usage;
  }
  const { incident } = options;
  if (incident === undefined) {
    const { size, incidents } = await summaryOf(options);
    print(describeSize(size, incidents));
    return exits.ok;
  }
  const policy = options.policy === undefined ? undefined : readPolicy(options.policy);
  if (policy?.kind === "problems") {
    print(policy.text);
    return exits.usage;
  }
  const text = await textOf(options, incident, forMs);
  if (options.save !== undefined) writeFileSync(options.save, text, { mode: 0o600 });
  const recorded = readRecordingText(text);
  const result = replay(framesOf(recorded.chunks), policy?.settings);
  print(describeReplay(result, recorded));
  return result.difference === undefined && result.inputs > 0 ? exits.ok : exits.different;
}

type Policy =
  | { readonly kind: "settings"; readonly settings: (recorded: Settings) => Settings }
  | { readonly kind: "problems"; readonly text: string };

/** Another configuration of the same cloud: all of it counts, its secrets are not read. */
function readPolicy(path: string): Policy {
  const loaded = readGuardianConfig(readFileSync(path, "utf8"), {});
  if (loaded.kind === "problems") {
    return { kind: "problems", text: formatProblems(path, loaded.problems) };
  }
  return { kind: "settings", settings: ({ cloud }) => settingsFrom(loaded.config, cloud) };
}

interface Summary {
  readonly size: RecordingSize;
  readonly incidents: readonly RecordedIncident[];
}

async function summaryOf({ journal, socket }: ReplayOptions): Promise<Summary> {
  if (journal === undefined) {
    return JSON.parse(await askText(socket, "/api/v1/replay")) as Summary;
  }
  return withRecording(journal, (recording) => ({
    size: recording.size(),
    incidents: recording.incidents(),
  }));
}

async function textOf(
  { journal, socket }: ReplayOptions,
  incident: string,
  forMs: number,
): Promise<string> {
  if (journal === undefined) {
    return askText(socket, `/api/v1/replay/${encodeURIComponent(incident)}?forMs=${forMs}`);
  }
  if (!isDatabase(journal)) {
    const text = readFileSync(journal, "utf8");
    if (!isRecordingText(text)) throw new Error(`${journal} is neither a journal nor a recording`);
    const { incident: its }: IncidentRecording = readRecordingText(text);
    if (its !== incident) throw new Error(`${journal} has incident ${its}, not ${incident}`);
    return text;
  }
  const text = withRecording(journal, (recording) =>
    [...recordingLines(recording, incident, forMs)].join(""),
  );
  if (text !== "") return text;
  throw new Error(
    `incident ${incident} is not recorded in ${journal}; see: guardian replay --journal ${journal}`,
  );
}

function withRecording<T>(path: string, read: (recording: Recording) => T): T {
  const database = openCopy(path);
  try {
    return read(createRecordingReader(database));
  } finally {
    database.close();
  }
}

/** The file itself cannot be read while a guardian holds it: it is asked instead, or a copy is. */
function openCopy(path: string): ReturnType<typeof openDatabase> {
  const database = openDatabase(path, { readonly: true });
  try {
    database.prepare("SELECT id FROM recording LIMIT 1").all();
    return database;
  } catch (error) {
    database.close();
    const locked = /locked|SQLITE_BUSY/i.test(describeError(error));
    const next = locked
      ? "a running guardian holds it: leave --journal out, and it is asked"
      : "it is no journal, or of a release that did not record";
    throw new Error(`the journal ${path} cannot be read: ${next}`, { cause: error });
  }
}

function isDatabase(path: string): boolean {
  const head = Buffer.alloc(15);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.toString("latin1") === "SQLite format 3";
}

/** The daemon's answer as text; throws with its own sentence when it refuses. */
function askText(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: answerMsMax }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) return resolve(text);
        const detail: unknown = Reflect.get(Object(JSON.parse(text)), "detail");
        reject(new Error(typeof detail === "string" ? detail : `answered ${response.statusCode}`));
      });
    });
    call.on("timeout", () => call.destroy(new Error(`no answer within ${answerMsMax / 1000} s`)));
    call.on("error", (error) => {
      const next = "is it running? With its journal copied: --journal FILE";
      reject(new Error(`the daemon does not answer on ${socketPath} (${next})`, { cause: error }));
    });
    call.end();
  });
}
