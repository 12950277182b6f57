/**
 * The guardian's command line as another user: `another-user.js UID GID VERB…`, started by root.
 *
 * The whole program is loaded before the uid changes, since the Node and the checkout that run the
 * tests may lie where only root can read. That is every module of main.ts: a package that is not
 * an ES module is read when it is run.
 */
import "../../guardian/cli.ts";
import "../../guardian/config.ts";
import "../../guardian/daemon.ts";
import "../../guardian/replay-command.ts";
import "../../guardian/shell/logging.ts";
import "./become-user.ts";
import "../../guardian/main.ts";
