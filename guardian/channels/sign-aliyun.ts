/** Aliyun's signature, third version (ACS3-HMAC-SHA256), for calls whose parameters are all in the query. */
import { createHash, createHmac } from "node:crypto";
import type { Secret } from "../../shared/secret.ts";

export interface AliyunCall {
  readonly host: string;
  readonly action: string;
  readonly version: string;
  readonly query: Readonly<Record<string, string>>;
  readonly accessKeyId: string;
  readonly key: Secret;
  readonly wallMs: number;
  readonly nonce: string;
}

const algorithm = "ACS3-HMAC-SHA256";

/** The query as it must be sent, and the headers with their signature. The body is empty. */
export function signAliyun(call: AliyunCall): {
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  const query = canonicalQuery(call.query);
  const bodyHash = sha256("");
  const headers: Readonly<Record<string, string>> = {
    host: call.host,
    "x-acs-action": call.action,
    "x-acs-content-sha256": bodyHash,
    // Without milliseconds, which are refused.
    "x-acs-date": new Date(call.wallMs).toISOString().replace(/\.\d+Z$/, "Z"),
    "x-acs-signature-nonce": call.nonce,
    "x-acs-version": call.version,
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join("");
  const request = ["POST", "/", query, lines, names.join(";"), bodyHash].join("\n");
  const signed = `${algorithm}\n${sha256(request)}`;
  const signature = createHmac("sha256", call.key.reveal()).update(signed).digest("hex");
  const parts = [
    `Credential=${call.accessKeyId}`,
    `SignedHeaders=${names.join(";")}`,
    `Signature=${signature}`,
  ];
  return { query, headers: { ...headers, authorization: `${algorithm} ${parts.join(",")}` } };
}

function canonicalQuery(query: Readonly<Record<string, string>>): string {
  const names = Object.keys(query).sort();
  return names.map((name) => `${encode(name)}=${encode(query[name] ?? "")}`).join("&");
}

/** RFC 3986: what encodeURIComponent leaves, and is reserved, too. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
