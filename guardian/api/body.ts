/** A request's body: bounded JSON, an object. */
import type { IncomingMessage } from "node:http";
import { isRecord, parseJson } from "../shell/json.ts";
import { problem, type Reply } from "./route.ts";

export const bodyBytesMax = 16_384;

export interface Body {
  readonly value: unknown;
  readonly text: string;
  /** The name that the caller gives itself. */
  readonly claimed: string;
}

export async function readBody(request: IncomingMessage): Promise<Body | Reply> {
  const type = request.headers["content-type"];
  // A form of another site's page can send only what is not JSON.
  if (type !== undefined && !/^application\/json\b/i.test(type)) {
    return problem(415, "the body must be application/json");
  }
  const text = await readText(request);
  if (text === undefined) return problem(413, `a body of more than ${bodyBytesMax} bytes`);
  const value = text === "" ? {} : parseJson(text);
  if (!isRecord(value)) return problem(400, "the body must be a JSON object");
  const { by } = value;
  return { value, text, claimed: typeof by === "string" ? by.trim() : "" };
}

/** Undefined when it is too long: the rest is not read. */
function readText(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"]) > bodyBytesMax) return Promise.resolve(undefined);
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) return void chunks.push(chunk);
      request.pause();
      resolve(undefined);
    });
    request.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.once("error", reject);
    request.once("aborted", () => reject(new Error("the caller went away")));
  });
}
