/**
 * The guardian's command line as another user: `another-user.js UID GID VERB…`, started by root.
 *
 * The whole program is loaded before the uid changes, since the Node and the checkout that run the
 * tests may lie where only root can read.
 */
import "../../guardian/daemon.ts";
import "../../guardian/cli.ts";
import "../../guardian/replay-command.ts";
import "./become-user.ts";
import "../../guardian/main.ts";
