/** A user's numbers, from the text of /etc/passwd: no name service, which may hang. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

export function userIdsOf(passwd: string, name: string): UserIds | undefined {
  for (const line of passwd.split("\n")) {
    const [login, , uid, gid] = line.split(":");
    if (login !== name || !/^\d+$/.test(uid ?? "") || !/^\d+$/.test(gid ?? "")) continue;
    return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}
