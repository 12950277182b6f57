import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../support/properties.ts";
import { alertText, fitLines } from "../../guardian/channels/alert-text.ts";
import { channelWord } from "../../guardian/channels/channel-words.ts";
import {
  byteLength,
  cutBytes,
  cutCharacters,
  plainText,
} from "../../guardian/channels/plain-text.ts";
import { formatTime, isTimeZone } from "../../shared/zoned-time.ts";
import { channelEnglish } from "../../guardian/channels/words-en.ts";
import { channelChinese } from "../../guardian/channels/words-zh.ts";
import { alertOf, look } from "../support/alert-fixture.ts";
import { hostileText } from "../support/hostile-text.ts";

test("what ends a line, hides or turns it round does not get through", () => {
  assert.equal(plainText("a\r\nb\u2028c\u0000"), "a b c");
  assert.equal(plainText("\u202egnp.exe"), "\ufffdgnp.exe");
  assert.equal(plainText("x\ud800y\ufeff"), "x\ufffdy\ufffd");
  assert.equal(plainText("👨‍👩‍👧 <b> 服务器"), "👨‍👩‍👧 <b> 服务器", "what is only text stays");
});

test("a cut splits neither a character nor an emoji of several", () => {
  assert.equal(cutBytes("服务器", 9), "服务器");
  assert.equal(cutBytes("服务器一", 9), "服务…");
  assert.equal(cutBytes("服务器一", 8), "服…");
  const family = "👨‍👩‍👧";
  assert.equal(cutBytes(`a${family}b`, byteLength(family) + 1), "a…");
  assert.equal(cutCharacters(`a${family}bc`, family.length + 2), `a${family}…`);
  assert.equal(cutCharacters(`a${family}bc`, family.length + 1), "a…");
  assert.equal(cutBytes("abc", 2), "", "no room for the mark");
});

test("a cut keeps its limit and its beginning, whatever the text", () => {
  const text = fc.oneof(hostileText, fc.string({ unit: "grapheme", maxLength: 60 }));
  fc.assert(
    fc.property(text, fc.nat(80), (any, max) => {
      const plain = plainText(any);
      const cut = cutBytes(plain, max);
      assert.ok(byteLength(cut) <= max);
      assert.ok(cut === plain || cut === "" || plain.startsWith(cut.slice(0, -1)));
      assert.doesNotMatch(cut, /[\p{Cc}\p{Cs}]/u);
    }),
  );
});

test("a letter with a thousand accents is cut within itself", () => {
  const letter = `a${"\u0301".repeat(1000)}`;
  assert.match(cutBytes(letter, 100), /^a\u0301{40,50}…$/);
});

test("lines fit, evidence gives way first, and what is left out is counted", () => {
  const why = Array.from({ length: 100 }, (_, at) => `server-${at}: "down"`);
  const text = alertText(alertOf({ why }), look);
  const lines = fitLines(text, 600, "en").split("\n");
  assert.ok(byteLength(lines.join("\n")) <= 600);
  assert.equal(lines[0], "[PAGE] compute-1 is dead: its power cannot be proven");
  assert.equal(lines[1], "Impact: 3 servers on it");
  assert.match(lines[2] ?? "", /^Next: make sure that it is off/);
  const shown = lines.filter((line) => line.startsWith("- ")).length;
  const more = Number(/^… and (\d+) more$/m.exec(lines.join("\n"))?.[1]);
  assert.ok(shown > 3);
  assert.equal(shown + more, 100);
  assert.equal(lines.at(-1), "Runbook: https://runbooks.example.org/guardian/unproven.md");
});

test("an end tells nobody to do anything, and its impact is over", () => {
  const text = alertText(alertOf({ status: "resolved" }), look);
  assert.match(text.headline, /^\[RESOLVED\] /);
  assert.deepEqual(text.head, ["Impact until now: 3 servers on it"]);
  const [firing] = [alertText(alertOf(), look)];
  assert.deepEqual([text.why, text.tail], [firing.why, firing.tail]);
});

test("one long line of evidence is shown in part", () => {
  const text = alertText(alertOf({ why: ["x".repeat(5000), "y"] }), look);
  const fitted = fitLines(text, 600, "en");
  assert.match(fitted, /^- x{40,}…$/m);
  assert.match(fitted, /^… and 1 more$/m);
  assert.ok(byteLength(fitted) <= 600);
});

test("any alert fits into any room", () => {
  fc.assert(
    fc.property(fc.array(hostileText), hostileText, fc.nat(3000), (why, title, room) => {
      const text = alertText(alertOf({ why, title, impact: title }), look);
      assert.ok(byteLength(fitLines(text, room, "zh")) <= room);
    }),
  );
});

test("the words around an alert are in both languages; a title is no sentence with places", () => {
  assert.deepEqual(Object.keys(channelChinese), Object.keys(channelEnglish));
  for (const [word, sentence] of Object.entries(channelEnglish)) {
    const places = (text: string): readonly string[] => (text.match(/\{\w+\}/g) ?? []).sort();
    const chinese = channelChinese[word as keyof typeof channelChinese];
    assert.deepEqual(places(chinese), places(sentence), word);
    assert.match(chinese, /[\u4e00-\u9fff]|^[^a-z]*\{/i);
  }
  const headline = channelWord("headline", "zh", { tag: "紧急", title: "{tag}" });
  assert.equal(headline, "【紧急】{tag}");
  assert.match(alertText(alertOf({ status: "resolved" }), look).headline, /^\[RESOLVED\] /);
});

test("times are in the zone and in UTC, with the day where it differs", () => {
  const at = Date.UTC(2026, 10, 22, 3, 4, 5);
  assert.equal(formatTime(at, "Asia/Shanghai"), "2026-11-22 11:04:05 Asia/Shanghai (03:04:05 UTC)");
  assert.equal(
    formatTime(at, "America/Los_Angeles"),
    "2026-11-21 19:04:05 America/Los_Angeles (2026-11-22 03:04:05 UTC)",
  );
  assert.equal(formatTime(at, "UTC"), "2026-11-22 03:04:05 UTC");
  assert.ok(isTimeZone("Asia/Shanghai") && !isTimeZone("Asia/Shanghia"));
});
