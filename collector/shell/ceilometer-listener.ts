/** The second socket: samples of genuine Ceilometer agents. Off unless it is configured. */
import { readSecretFile } from "../../shared/key-files.ts";
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import { Secret } from "../../shared/secret.ts";
import type { CeilometerConfig } from "../config.ts";
import type { SampleQueue } from "../core/sample-queue.ts";
import { createCeilometerReception } from "./ceilometer-reception.ts";
import { createRefusalLog } from "./refusal-log.ts";
import { openUdpServer } from "./udp-server.ts";

export interface CeilometerListener {
  readonly port: number;
  readonly samples: SampleQueue;
  /** Logs what was refused since the last call. */
  readonly sayRefused: () => void;
  close(): Promise<void>;
}

/** What Ceilometer signs with when nobody has set a secret: everybody knows it. */
const knownSecret = "change this for valid signing";

/** The secret in its file. Throws when anybody could have signed with it, unless that is allowed. */
export function readTelemetrySecret(config: CeilometerConfig): Secret {
  const text = readSecretFile(config.secretFile);
  const weak = text === "" ? "is empty" : text === knownSecret ? "holds Ceilometer's default" : "";
  if (weak !== "" && !config.weakSecretAllowed) {
    const fix = "set telemetry_secret in Ceilometer's [publisher], or ceilometer.weakSecretAllowed";
    throw new Error(`${config.secretFile} ${weak}: anybody could make samples; ${fix}`);
  }
  return new Secret(text);
}

/** Opens the socket. Throws when the secret must not be used or the port is taken. */
export async function openCeilometerListener(options: {
  readonly config: CeilometerConfig;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<CeilometerListener> {
  const { config, clock, log } = options;
  const reception = createCeilometerReception({
    secret: readTelemetrySecret(config),
    windowMs: config.window,
    samplesMax: config.samplesMax,
    clock,
  });
  const { address, port, receiveBufferBytes } = config;
  const refused = (): ReadonlyMap<string, number> => reception.samples.figures().refused;
  const server = await openUdpServer({
    address,
    port,
    receiveBufferBytes,
    onDatagram: (bytes) =>
      void reception.take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
    log,
  });
  return {
    port: server.port,
    samples: reception.samples,
    sayRefused: createRefusalLog(refused, log, "Ceilometer's samples"),
    close: () => server.close(),
  };
}
