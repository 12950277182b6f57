/** What a check-up shows: findings of the guardian and of the cloud, and every power device. */
import { showDoctor } from "../core/show-doctor.ts";
import type { Language } from "../core/words.ts";
import { z } from "../config-parts.ts";
import { cloudFindings } from "./cloud-findings.ts";
import { language, languageOf, paging, texts } from "./fields.ts";
import { findingsOf, worstFirst } from "./findings.ts";
import { createKeptViews } from "./kept-views.ts";
import { page } from "./paging.ts";
import type { ApiParts } from "./parts.ts";
import type { Call, ReadRoute } from "./route.ts";

/** A read of a viewer's. */
export type Read = Omit<ReadRoute, "method" | "role">;

export function deviceReads({ guardian, clock, cloudLook }: ApiParts): readonly Read[] {
  const kept = createKeptViews(clock);
  const state = () => guardian.state();
  const spoken = (call: Call): Language => languageOf(call, state().settings.language);
  return [
    {
      path: "/api/v1/doctor",
      name: "doctor",
      summary: "What is not as it should be in peacetime, each with what to do; every power device",
      query: language,
      answer: z.object({
        share: z.string(),
        findings: z.array(texts("about", "level", "finding", "next")),
        devices: z.array(texts("host", "device", "verified", "because", "next")),
      }),
      run: async (call) => {
        const said = spoken(call);
        const facts = await cloudLook?.facts();
        const ofCloud = facts === undefined ? [] : cloudFindings(facts, state().settings);
        const { findings, ...shown } = kept.of(`doctor ${said}`, () => ({
          findings: findingsOf(state()),
          ...showDoctor(state(), said),
        }));
        return {
          status: 200,
          body: { findings: worstFirst([...findings, ...ofCloud]), ...shown },
        };
      },
    },
    {
      path: "/api/v1/bmcs",
      name: "bmc list",
      summary: "Every power device: what it is known by, or why it is not verified",
      query: { ...paging, ...language },
      answer: z.array(texts("host", "device", "verified", "because", "next")),
      run: (call) => {
        const said = spoken(call);
        const { devices } = kept.of(`bmcs ${said}`, () => showDoctor(state(), said));
        return page(call, devices, ({ host, device }) => `${host}/${device}`);
      },
    },
  ];
}
