/** Reads what is secret of a channel, each from the file that a key of its configuration names. */
import { Secret } from "../../shared/secret.ts";
import { readSecret, type Problems } from "./build-ports.ts";

export interface SecretReader {
  /** An address: it must be one, and is never shown. */
  url(path: string): Secret;
  /** `key` is the configuration's, such as keyFile. */
  file(key: string, path: string): Secret;
  optional(key: string, path: string | undefined): Secret | undefined;
}

/** `where` is the channel's place in the configuration, for problems. */
export function secretReader(where: string, problems: Problems): SecretReader {
  const file = (key: string, path: string): Secret => readSecret(path, `${where}.${key}`, problems);
  return {
    file,
    optional: (key, path) => (path === undefined ? undefined : file(key, path)),
    url(path) {
      const secret = file("urlFile", path);
      const text = secret.reveal();
      if (text === "" || isWebAddress(text)) return secret;
      problems.list.push(`${where}.urlFile: ${path} does not hold an http or https address`);
      return secret;
    },
  };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** The value of an Authorization header, from a token or from a name and a password. */
export function authorization(
  read: SecretReader,
  login: {
    readonly username?: string | undefined;
    readonly passwordFile?: string | undefined;
    readonly tokenFile?: string | undefined;
  },
): Secret | undefined {
  const token = read.optional("tokenFile", login.tokenFile);
  if (token !== undefined) return new Secret(`Bearer ${token.reveal()}`);
  const password = read.optional("passwordFile", login.passwordFile);
  return password === undefined ? undefined : basic(login.username ?? "", password);
}

export function basic(username: string, password: Secret): Secret {
  const pair = Buffer.from(`${username}:${password.reveal()}`).toString("base64");
  return new Secret(`Basic ${pair}`);
}
