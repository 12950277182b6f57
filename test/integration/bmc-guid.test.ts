/** What the helper asks at boot, as root, and what the probe then tells. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readDmiSerial, writeDmiSerial } from "../../compute-probe/shell/dmi-serial.ts";
import { readBmcGuid, writeBmcGuid } from "../../compute-probe/shell/bmc-guid.ts";
import { bmcIdentity } from "../../shared/bmc-identity.ts";

/** A program that stands where ipmitool does, with the words that the real one prints. */
function place(
  t: TestContext,
  script: string,
): { readonly file: string; readonly command: string } {
  const folder = mkdtempSync(join(tmpdir(), "guardian-bmc-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const command = join(folder, "ipmitool");
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  return { file: join(folder, "run", "guid"), command };
}

test("the bytes are kept as they came, for every user to read", async (t) => {
  const { file, command } = place(
    t,
    `test "$*" = "raw 0x06 0x37" || exit 9
echo " 30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f"`,
  );
  assert.equal(readBmcGuid(file), "", "nobody has asked yet");
  assert.equal(await writeBmcGuid(file, command), undefined);
  assert.equal(readBmcGuid(file), "303132333435363738393a3b3c3d3e3f");
  assert.equal(statSync(file).mode & 0o777, 0o644);
});

test("a GUID that names no machine gives way to the address of the first channel that has one", async (t) => {
  const { file, command } = place(
    t,
    `case "$*" in
"raw 0x06 0x37") echo " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" ;;
"raw 0x0c 0x02 0x01 0x05 0x00 0x00") echo "Unable to send RAW command" >&2; exit 1 ;;
"raw 0x0c 0x02 0x02 0x05 0x00 0x00") echo " 11 4c d9 8f 00 11 22" ;;
*) exit 9 ;;
esac`,
  );
  assert.equal(await writeBmcGuid(file, command), undefined);
  assert.equal(readBmcGuid(file), bmcIdentity(undefined, "4cd98f001122"));
});

const failures: readonly (readonly [string, string, RegExp])[] = [
  [
    "no driver",
    `echo "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory" >&2; exit 1`,
    /showed no GUID \(.*ended with 1\): Could not open device at \/dev\/ipmi0/,
  ],
  [
    "a BMC that does not know the command",
    `echo "Unable to send RAW command (channel=0x0 netfn=0x6 lun=0x0 cmd=0x37 rsp=0xc1): Invalid command" >&2; exit 1`,
    /Invalid command$/,
  ],
  ["half an answer", `echo " 30 31 32"`, /showed no GUID/],
];
for (const [name, script, words] of failures) {
  test(`${name}: said, and nothing is left behind`, async (t) => {
    const { file, command } = place(t, script);
    assert.match((await writeBmcGuid(file, command)) ?? "", words);
    assert.equal(existsSync(file), false);
  });
}

test("without the program: said", async (t) => {
  const { file } = place(t, "");
  assert.match((await writeBmcGuid(file, "/nonexistent/ipmitool")) ?? "", /could not be started/);
});

test("what is no GUID is not told", (t) => {
  const { file, command } = place(t, "");
  assert.equal(readBmcGuid(command), "");
  assert.equal(readBmcGuid(file), "");
});

test("the firmware's serial: the machine's own, else its board's; what names no machine is none", (t) => {
  const { file, command } = place(t, "");
  const [product, board] = [`${command}-product`, `${command}-board`];
  assert.equal(readDmiSerial(file), "");
  assert.equal(writeDmiSerial(file, [product, board]), false);
  writeFileSync(product, "To Be Filled By O.E.M.\n");
  writeFileSync(board, " CZ20150A7X \n");
  assert.equal(writeDmiSerial(file, [product, board]), true);
  assert.equal(readDmiSerial(file), "CZ20150A7X");
  assert.equal(statSync(file).mode & 0o777, 0o644);
  for (const none of [
    "",
    "\n",
    "0000000",
    "....",
    "Default string",
    "N/A",
    "a\u0007b",
    "x".repeat(65),
  ]) {
    writeFileSync(product, none);
    assert.equal(readDmiSerial(product), "", JSON.stringify(none));
  }
});
