/** One BMC of hosts/redfish_server.py on 127.0.0.1, with a chassis that is a folder. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { waitFor } from "../support/wait-for.ts";
import { makeChassis, type FileChassis } from "./file-chassis.ts";
import { labFolder } from "./lab-scripts.ts";

export interface RedfishServer extends FileChassis {
  readonly url: string;
  readonly uuid: string;
  readonly serial: string;
  readonly pid: number;
  /** Requests that it could read, without their bodies: "POST /redfish/v1/…". */
  requests(): readonly string[];
}

export interface RedfishServerOptions {
  readonly port: number;
  readonly uuid?: string;
  readonly serial?: string;
  /** Refuses to switch off what is off. */
  readonly strict?: boolean;
  /** Plain HTTP without one. */
  readonly certificate?: { readonly certFile: string; readonly keyFile: string };
}

/** Ends with the test. Its administrator is admin with the password s3cret. */
export async function startRedfishServer(
  t: TestContext,
  options: RedfishServerOptions,
): Promise<RedfishServer> {
  const { port, uuid = "f74aec14-fc4c-5c14-b14d-472601b4b690", serial = "SN-1" } = options;
  const chassis = makeChassis(t);
  const { folder, write } = chassis;
  const log = join(folder, "requests");
  write("requests", "");
  write("password", "s3cret");
  const { certificate } = options;
  const words = [
    ["--address", `127.0.0.1:${port}`, "--uuid", uuid, "--serial", serial],
    ["--user", "admin", "--password-file", join(folder, "password"), "--log", log],
    certificate === undefined ? [] : ["--cert", certificate.certFile, "--key", certificate.keyFile],
    options.strict === true ? ["--strict"] : [],
    [join(folder, "chassis.sh"), "0x20"],
  ].flat();
  const server = spawn(`${labFolder}hosts/redfish_server.py`, words, { stdio: "ignore", cwd: "/" });
  t.after(() => server.kill("SIGKILL"));
  const { pid = 0 } = server;
  write("device.pid", String(pid));
  await waitFor(`the Redfish service on port ${port}`, () => isOpen(port), 10_000);
  return {
    ...chassis,
    url: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    uuid,
    serial,
    pid,
    requests: () =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => / \//.test(line)),
  };
}

function isOpen(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(undefined));
  });
}
