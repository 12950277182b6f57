/** What fping writes while it pings for ever: a line for each echo, and one for each that did not come. */

export interface EchoLine {
  readonly address: string;
  /** Undefined: timed out. */
  readonly rttMs: number | undefined;
}

export function readEchoLine(line: string): EchoLine | undefined {
  const match = /^(\S+)\s+: \[\d+\], (?:timed out|\d+ bytes, (\d+(?:\.\d+)?) ms)/.exec(line);
  if (match === null) return undefined;
  const [, address = "", rtt] = match;
  return { address, rttMs: rtt === undefined ? undefined : Number(rtt) };
}

/** One process that asks every target once each `everyMs`, until it is killed. */
export function streamArguments(options: {
  readonly targets: readonly string[];
  readonly sourceAddress: string | undefined;
  readonly interface: string | undefined;
  readonly everyMs: number;
  readonly timeoutMs: number;
}): readonly string[] {
  const { sourceAddress, interface: device } = options;
  return [
    "-l",
    `-p${Math.max(options.everyMs, 200)}`,
    // It takes no timeout above its period.
    `-t${Math.min(options.timeoutMs, options.everyMs)}`,
    ...(sourceAddress === undefined ? [] : ["-S", sourceAddress]),
    ...(device === undefined ? [] : ["-I", device]),
    ...options.targets,
  ];
}
