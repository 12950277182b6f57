/** Takes secrets out of what is shown: a provider may repeat what it was sent. */
import type { Secret } from "../../shared/secret.ts";

/** Shorter values of a query, and shorter parts of a path or a header, are words that may stand anywhere. */
const valueLengthMin = 6;
const partLengthMin = 12;

/** The text without the secrets, their parts that are secret by themselves, and their encodings. */
export function hideSecrets(text: string, secrets: readonly Secret[]): string {
  const hidden = secrets.flatMap((secret) => formsOf(secret.reveal()));
  // The longest first: a part that went before would leave the rest of the whole.
  const longestFirst = hidden.sort((left, right) => right.length - left.length);
  return longestFirst.reduce((shown, form) => shown.replaceAll(form, "[secret]"), text);
}

function formsOf(secret: string): readonly string[] {
  if (secret === "") return [];
  const base64 = Buffer.from(secret).toString("base64");
  return [secret, encodeURIComponent(secret), base64, ...piecesOf(secret)];
}

/** Tokens stand in an address's query or in its path, and behind the first word of a header. */
function piecesOf(secret: string): readonly string[] {
  if (!URL.canParse(secret)) {
    return secret.split(" ").filter((part) => part.length >= partLengthMin);
  }
  const { searchParams, pathname, password } = new URL(secret);
  const values = [...searchParams.values(), password];
  return [
    ...values.filter((value) => value.length >= valueLengthMin),
    ...pathname.split("/").filter((part) => part.length >= partLengthMin),
  ];
}
