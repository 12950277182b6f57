/** `guardian token`: the file of hashes that the API reads. Needs no daemon. */
import { systemClock } from "../shared/clock.ts";
import { parseDuration } from "../shared/time.ts";
import { roles } from "./api/route.ts";
import type { PolicyVerb, VerbActions, VerbOptions } from "./cli-policy.ts";
import { createToken, readTokens, revokeToken } from "./shell/token-file.ts";

const option = (flags: string, description: string, required = false) => {
  return { flags, description, required };
};
const file = option("--file <path>", "another one than /etc/guardian/tokens.json");

function fileOf(options: VerbOptions): string {
  const { file: path = "/etc/guardian/tokens.json" } = options;
  return String(path);
}

export function tokenVerbs({ say, print }: VerbActions): readonly PolicyVerb[] {
  const under = "token";
  return [
    {
      under,
      usage: "create <name>",
      description: "a new token for the API over the network: shown once, kept as a hash",
      options: [
        option("--role <role>", roles.join(", "), true),
        option("--expires <duration>", "such as 90d; never without it"),
        file,
      ],
      run: async (name, options) => say(create(name, options)),
    },
    {
      under,
      usage: "list",
      description: "every token: its name, role and end",
      options: [file],
      run: async (_none, options) =>
        print(
          readTokens(fileOf(options)).map(({ id, name, role, created, expires }) => {
            return { id, name, role, created, expires: expires === "" ? "never" : expires };
          }),
        ),
    },
    {
      under,
      usage: "revoke <name>",
      description: "by name or id; it serves no request after this one",
      options: [file],
      run: async (name, options) => {
        revokeToken(fileOf(options), name);
        say(`${name} is revoked`);
      },
    },
  ];
}

function create(name: string, options: VerbOptions): string {
  const [wanted, expires] = [String(options["role"]), options["expires"]?.toString()];
  const role = roles.find((known) => known === wanted);
  if (role === undefined) throw new Error(`role "${wanted}" is none of ${roles.join(", ")}`);
  const lifeMs = expires === undefined ? undefined : parseDuration(expires);
  if (expires !== undefined && lifeMs === undefined) {
    throw new Error(`"${expires}" is not a duration such as 90d`);
  }
  const nowMs = systemClock.wallMs();
  const end = lifeMs === undefined ? "" : new Date(nowMs + lifeMs).toISOString();
  return createToken(fileOf(options), { name, role, expires: end }, nowMs);
}
