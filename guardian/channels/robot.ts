/** What group robots (DingTalk, WeCom, Feishu, Slack) have in common. */
import type { Secret } from "../../shared/secret.ts";
import type { Look } from "./alert-text.ts";

/** Whom a page that begins calls by name. */
export interface Mention {
  /** As the provider names users. */
  readonly users: readonly string[];
  readonly mobiles: readonly string[];
  readonly all: boolean;
}

export interface RobotOptions {
  /** The whole address with its token: whoever has it can write to the group. */
  readonly url: Secret;
  /** Signs, where the robot asks for it. */
  readonly key?: Secret | undefined;
  readonly mention: Mention;
  /** A word without which the robot refuses a message. */
  readonly keyword?: string | undefined;
  readonly look: Look;
}

/** The robot's word first, in a line of its own; providers look for it anywhere. */
export function withKeyword(text: string, keyword: string | undefined): string {
  return keyword === undefined ? text : `${keyword}\n${text}`;
}

/** Bytes that are left beside the robot's word. */
export function roomBeside(keyword: string | undefined, bytesMax: number): number {
  return bytesMax - Buffer.byteLength(withKeyword("", keyword));
}
