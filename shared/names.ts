/** Branded names, so that a server's id cannot be passed where a host is meant. */

declare const hostBrand: unique symbol;
declare const serverBrand: unique symbol;
declare const collectorBrand: unique symbol;

/** A compute host, spelled exactly as Nova spells it. */
export type HostName = string & { readonly [hostBrand]: true };
/** A Nova server's UUID. */
export type ServerId = string & { readonly [serverBrand]: true };
/** A collector's configured id. */
export type CollectorId = string & { readonly [collectorBrand]: true };

export function hostName(text: string): HostName {
  return text as HostName;
}

export function serverId(text: string): ServerId {
  return text as ServerId;
}

export function collectorId(text: string): CollectorId {
  return text as CollectorId;
}

/** Whether text can be a host name: 1 to 64 letters, digits, dots, dashes and underscores. */
export function isHostName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);
}
