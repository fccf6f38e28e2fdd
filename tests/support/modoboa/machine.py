# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Modoboa stands on, in a Debian of its own: PostgreSQL, Redis, Dovecot and Postfix.

The mail servers' settings are those of modoboa-installer (the folders dovecot/2.3 and postfix of its scripts), without
what needs other programs: the policy service that counts messages, filters, and delivery to mailboxes.
"""

from __future__ import annotations

import socket
from pathlib import Path

from standin.certificates import CertificateFiles
from support.fleet.debian import Debian
from support.postfix import free_port
from support.rooted import Root
from support.waiting import until

SECONDS = 60.0
PACKAGES = ("dovecot-core", "dovecot-pgsql", "postfix", "postfix-pgsql", "postgresql", "redis-server")
AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
DATA, MAPS = "/srv/database", "/etc/postfix"
# Nothing outlives the machine, so nothing needs to reach a disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "dynamic_shared_memory_type=mmap")

DOVECOT = """\
protocols =
log_path = /dev/stderr
ssl = no
auth_username_format = %Lu
auth_mechanisms = plain login
passdb {
  driver = sql
  args = /etc/dovecot/dovecot-sql.conf.ext
}
userdb {
  driver = prefetch
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0666
    user = postfix
    group = postfix
  }
}
"""
DOVECOT_SQL = """\
driver = pgsql
connect = host=127.0.0.1 port={port} dbname=modoboa user=modoboa
password_query = SELECT email AS user, password, '/srv/vmail/%d/%n' AS userdb_home, 5000 AS userdb_uid, \
5000 AS userdb_gid, CONCAT('*:bytes=', mb.quota, 'M') AS userdb_quota_rule FROM core_user u \
INNER JOIN admin_mailbox mb ON u.id=mb.user_id INNER JOIN admin_domain dom ON mb.domain_id=dom.id \
WHERE (mb.is_send_only IS NOT TRUE OR '%s' NOT IN ('imap', 'pop3')) AND email='%u' AND is_active AND dom.enabled
"""
MAIN = """\
compatibility_level = 3.6
maillog_file = /var/log/mail.log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.acme.example
mydestination =
local_recipient_maps =
alias_maps =
smtpd_tls_cert_file = /etc/ssl/modoboa.pem
smtpd_tls_key_file = /etc/ssl/modoboa.key
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_auth_enable = yes
broken_sasl_auth_clients = yes
smtpd_sasl_security_options = noanonymous
smtpd_helo_required = yes
strict_rfc821_envelopes = yes
smtpd_sasl_authenticated_header = yes
smtpd_sender_login_maps = proxy:pgsql:/etc/postfix/sql-sender-login-map.cf
smtpd_recipient_restrictions = permit_sasl_authenticated, reject_unauth_destination
relayhost = [127.0.0.1]:{next_port}
smtp_host_lookup = native
"""
SUBMISSION = """\
127.0.0.1:{port} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=reject_sender_login_mismatch
"""


class Machine:
    """The machine; C(boot) it, and C(remove) it in the end.

    :param folder: an existing, empty folder
    """

    def __init__(self, folder: Path) -> None:
        self.debian = Debian(Root("modoboa", PACKAGES), folder)
        self.database_port, self.redis_port, self.submission_port = free_port(), free_port(), free_port()

    def boot(self) -> None:
        """Start the database, which is empty, and Redis."""
        self.debian.boot()
        run = self.debian.run
        [found] = (self.debian.files / "usr/lib/postgresql").glob("*/bin")
        programs = Path("/") / found.relative_to(self.debian.files)
        run("install", "-d", "-m", "700", "-o", "postgres", DATA)
        run(*AS_POSTGRES, f"{programs}/initdb", "-D", DATA, "-U", "modoboa", "--auth=trust", "--no-sync")
        options = [part for one in FAST for part in ("-c", one)]
        server = (f"{programs}/postgres", "-D", DATA, "-p", str(self.database_port), "-k", "")
        self.debian.start(*AS_POSTGRES, *server, *options, log="var/log/postgres.log")
        redis = ("redis-server", "--bind", "127.0.0.1", "--port", str(self.redis_port), "--save", "")
        self.debian.start(*redis, log="var/log/redis.log")
        until(lambda: listens(self.database_port) and listens(self.redis_port), seconds=SECONDS)
        self.sql("CREATE DATABASE modoboa", database="postgres")

    def sql(self, text: str, database: str = "modoboa") -> str:
        """Run SQL, and return what it printed, one row a line.

        :param text: the statements
        """
        options = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-")
        return self.debian.run("psql", *self._where(), *options, database, given=text)

    def dump(self) -> str:
        """Return the database as SQL."""
        return self.debian.run("pg_dump", *self._where(), "modoboa")

    def _where(self) -> tuple[str, ...]:
        return ("-h", "127.0.0.1", "-p", str(self.database_port), "-U", "modoboa")

    def start_mail(self, maps: Path, certificates: CertificateFiles, next_port: int) -> None:
        """Start Dovecot and Postfix.

        :param maps: the folder with the maps that Modoboa wrote for Postfix
        :param certificates: Postfix's
        :param next_port: of the server on loopback that all mail goes to
        """
        debian = self.debian
        debian.write("/etc/dovecot/dovecot.conf", DOVECOT)
        debian.write("/etc/dovecot/dovecot-sql.conf.ext", DOVECOT_SQL.format(port=self.database_port))
        debian.start("dovecot", "-F", log="var/log/dovecot.log")
        for path in maps.glob("sql-*.cf"):
            debian.write(f"{MAPS}/{path.name}", path.read_text())
        debian.write("/etc/ssl/modoboa.pem", certificates.certificate_path.read_text())
        debian.write("/etc/ssl/modoboa.key", certificates.key_path.read_text(), mode="600")
        debian.write("/etc/postfix/main.cf", MAIN.format(next_port=next_port))
        services = debian.read("/usr/share/postfix/master.cf.dist").replace("\nsmtp      inet", "\n#smtp      inet")
        debian.write("/etc/postfix/master.cf", services + SUBMISSION.format(port=self.submission_port))
        debian.run("postfix", "start")
        until(lambda: listens(self.submission_port), seconds=SECONDS)

    def logs(self) -> str:
        """Return what its programs wrote about their work."""
        names = ("postgres", "redis", "dovecot", "mail")
        return "".join(self.debian.read(f"/var/log/{name}.log") for name in names)

    def remove(self) -> None:
        """End everything; its files are gone with it."""
        self.debian.remove()


def listens(port: int) -> bool:
    """Tell whether something listens on a port of loopback.

    :param port: the port
    """
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
