/** Names that a tenant may give a server, made to be read as something else. */
import { fc } from "./properties.ts";

export const hostile = [
  "](http://x)",
  "[a](http://x)",
  "<script>alert(1)</script>",
  "<!channel>",
  "<@U024BE7LH>",
  "<@all>",
  "@all",
  '<at id=all></at><at user_id="all">x</at>',
  "<http://x|y>",
  "&lt;!channel&gt;",
  "a\nb\r\nc",
  "\u0000\u0007\u001b[31m",
  "\u202egnp.exe\u2066",
  "\ufeff\u200b",
  "\ud800",
  "{title}{{x}}",
  "*b* _i_ `c` ~s~ > q",
  "👩🏽‍🚒",
  '"\\',
] as const;

/** Such names, and any text between them. */
export const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: "binary", maxLength: 20 })), {
    maxLength: 6,
  })
  .map((parts) => parts.join(""));
