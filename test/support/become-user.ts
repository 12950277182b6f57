/** Takes UID and GID off the command line and becomes that user, in no other group, for good. */
const [uid, gid] = process.argv.splice(2, 2).map(Number);
if (uid === undefined || gid === undefined) throw new Error("usage: UID GID VERB…");
process.setgroups?.([gid]);
process.setgid?.(gid);
process.setuid?.(uid);
