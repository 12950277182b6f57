/** What is missing before anybody acts by a configuration that is sound. */
import { describeError } from "../shared/errors.ts";

export const defaultConfig = "/etc/guardian/guardian.yaml";

interface Asking {
  readonly print: (text: string) => void;
  readonly table: (rows: unknown) => void;
  /** What a running guardian says. */
  readonly shown: (path: string) => Promise<unknown>;
  readonly socket: () => string;
}

/** No fence goes through a device that is not verified: each is listed with its way out. */
export async function isReadyToAct({ shown, table, print, socket }: Asking): Promise<boolean> {
  let answer: Readonly<Record<string, unknown>>;
  try {
    answer = Object(await shown("/api/v1/doctor")) as typeof answer;
  } catch (error) {
    const by = `at ${socket()} (${describeError(error)})`;
    print(
      `which power devices are verified only a running guardian knows, and none answers ${by}:`,
    );
    print("start it in mode observe, which does nothing, and check again");
    return false;
  }
  const devices: unknown = answer["devices"];
  const lines = Array.isArray(devices)
    ? (devices as readonly Readonly<Record<string, unknown>>[])
    : [];
  const missing = lines.filter((line) => line["verified"] !== "yes");
  if (missing.length > 0) table(missing);
  table({ share: answer["share"] });
  return missing.length === 0;
}
