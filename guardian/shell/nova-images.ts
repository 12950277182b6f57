/**
 * What the images of servers say, read through Nova: so that a policy by image needs neither Glance's
 * address nor a second client. A server that was booted from a volume has no image.
 */
import type { ServerId } from "../../shared/names.ts";
import type { ComputeServer, ImageProperties } from "../ports.ts";
import { bodyOf, type NovaCalls } from "./nova-call.ts";
import { imageIdOf, readImage, readServer } from "./nova-records.ts";

/** Up to this microversion Nova shows images, as a proxy of Glance. */
const imagesMicroversion = "2.35";
const imagesAtOnce = 8;

/** The servers with their images: each read once, a few at a time; one that cannot be read says so. */
export async function withImages(
  calls: NovaCalls,
  records: readonly unknown[],
  servers: readonly ComputeServer[],
): Promise<readonly ComputeServer[]> {
  const imageOf = new Map<ServerId | undefined, string | undefined>(
    records.map((record) => [readServer(record)?.server, imageIdOf(record)]),
  );
  const images = await readEach(calls, new Set(imageOf.values()));
  return servers.map((server) => {
    const image = images.get(imageOf.get(server.server));
    return image === undefined ? server : { ...server, image };
  });
}

async function readEach(
  calls: NovaCalls,
  ids: ReadonlySet<string | undefined>,
): Promise<ReadonlyMap<string | undefined, ImageProperties>> {
  const images = new Map<string | undefined, ImageProperties>();
  const waiting = [...ids].filter((id) => id !== undefined);
  const work = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      images.set(id, await readOne(calls, id));
    }
  };
  await Promise.all(Array.from({ length: imagesAtOnce }, work));
  return images;
}

async function readOne(calls: NovaCalls, id: string): Promise<ImageProperties> {
  const answer = await calls.read(`/images/${encodeURIComponent(id)}`, imagesMicroversion);
  // An image that was deleted says nothing any more.
  if (answer.kind === "answer" && answer.status === 404) return { kind: "read", properties: {} };
  const body = bodyOf(answer, `image ${id}`);
  if (body.kind === "failed") return { kind: "unread", reason: body.reason };
  return { kind: "read", properties: readImage(body.body) };
}
