/** Orders to the simulated Nova about single servers, and what comes back. */
import type { Order } from "../../guardian/core/effects.ts";
import { resetToError } from "./world-servers.ts";
import type { World } from "./world.ts";

type Of<K extends Order["kind"]> = Extract<Order, { kind: K }>;

export const novaSilence = "Nova does not answer within 10 s";

export function evacuate(world: World, order: Of<"evacuate">): void {
  const { guardian, nova } = world;
  const { host, server } = order;
  world.evacuations.push({ host, server });
  const answer = world.novaUp
    ? nova.evacuate(server)
    : ({ kind: "unknown", reason: "Nova does not answer within 30 s" } as const);
  world.say("nova", `evacuate ${server}: ${answer.kind}`);
  guardian.answer(answer.kind === "unknown" ? 30_000 : world.evacuateAnswerMs, () => ({
    kind: "evacuate-answered",
    at: guardian.mono(),
    id: order.id,
    host,
    server,
    answer,
  }));
}

export function liveMigrate(world: World, order: Of<"live-migrate">): void {
  const { guardian, nova } = world;
  const { host, server, id } = order;
  const answer = world.novaUp
    ? nova.live.begin(nova.servers.get(server), host)
    : ({ kind: "unknown", reason: novaSilence } as const);
  world.say("nova", `live-migrate ${server}: ${answer.kind}`);
  guardian.answer(answer.kind === "unknown" ? 30_000 : 80, () => ({
    kind: "live-migrate-answered",
    at: guardian.mono(),
    id,
    host,
    server,
    answer,
  }));
}

export function reset(world: World, order: Of<"reset">): void {
  const { guardian, nova } = world;
  const { host, server, from } = order;
  const answer = world.novaUp
    ? resetToError(nova, host, server, from)
    : ({ kind: "unknown", reason: novaSilence } as const);
  world.say("nova", `reset ${server} from ${from}: ${answer.kind}`);
  guardian.answer(answer.kind === "unknown" ? 10_000 : 60, () => ({
    kind: "reset-answered",
    at: guardian.mono(),
    host,
    server,
    answer,
  }));
}
