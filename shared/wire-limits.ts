/** Limits of wire format v1; docs/wire-format.md is the page for other programs. */

/** One datagram, IP and UDP headers not counted: fits every Ethernet without fragments. */
export const datagramBytesMax = 1400;
/** HMAC-SHA256, whole. */
export const tagBytes = 32;
/** UDP port of the collector. */
export const collectorPort = 7512;
