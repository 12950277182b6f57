/**
 * The floor of an evacuation: a bare script that knows which servers to move, fires the calls at one fixed
 * concurrency and polls each server until it runs elsewhere. No proof, no journal, no look before a call.
 */
import { sleep } from "../../../shared/loop.ts";

export interface FloorTarget {
  readonly authUrl: string;
  readonly password: string;
  readonly project: string;
  readonly endpoint: string;
  readonly source: string;
  readonly servers: readonly string[];
}

const pollEveryMs = 250;

/** Milliseconds from the first call to the last server that runs elsewhere. */
export async function evacuateBarely(target: FloorTarget, concurrency: number): Promise<number> {
  const token = await login(target);
  const headers = {
    "x-auth-token": token,
    "content-type": "application/json",
    "openstack-api-version": "compute 2.93",
  };
  const waiting = [...target.servers];
  const work = async (): Promise<void> => {
    for (let server = waiting.shift(); server !== undefined; server = waiting.shift()) {
      const url = `${target.endpoint}/servers/${server}`;
      const body = JSON.stringify({ evacuate: {} });
      const answer = await fetch(`${url}/action`, { method: "POST", headers, body });
      if (answer.status !== 200) throw new Error(`evacuate answered ${answer.status}`);
      while (!(await runsElsewhere(url, headers, target.source))) await sleep(pollEveryMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, work));
  return performance.now() - startedMs;
}

async function runsElsewhere(
  url: string,
  headers: Readonly<Record<string, string>>,
  source: string,
): Promise<boolean> {
  const answer = await fetch(url, { headers });
  const { server } = (await answer.json()) as {
    readonly server: Readonly<Record<string, unknown>>;
  };
  return server["OS-EXT-SRV-ATTR:host"] !== source && server["status"] === "ACTIVE";
}

async function login({ authUrl, password, project }: FloorTarget): Promise<string> {
  const domain = { id: "default" };
  const identity = {
    methods: ["password"],
    password: { user: { name: "admin", domain, password } },
  };
  const scope = { project: { name: project, domain } };
  const body = JSON.stringify({ auth: { identity, scope } });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${authUrl}/auth/tokens`, { method: "POST", headers, body });
  return answer.headers.get("x-subject-token") ?? "";
}
