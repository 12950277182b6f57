/** A certificate of our own for 127.0.0.1, made by openssl; undefined where that is not installed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
  readonly certFile: string;
}

export function makeCertificate(t: TestContext): TestCertificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const names = "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1";
  const args = [...request.split(" "), ...names.split(" "), "-keyout", keyFile, "-out", certFile];
  try {
    execFileSync("openssl", args, { stdio: "pipe" });
  } catch {
    return undefined;
  }
  const [key, cert] = [readFileSync(keyFile, "utf8"), readFileSync(certFile, "utf8")];
  return { key, cert, certFile };
}
