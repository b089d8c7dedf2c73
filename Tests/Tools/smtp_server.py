"""An SMTP server with TLS and AUTH for the tests of the email channel.

Prints its port on the first line of standard output, and appends each mail it takes to a file, as one JSON object a
line: what came over the wire, and what Python's own mail parser makes of it. Ends when standard input does.
"""

import argparse
import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


# Clients that leave in the middle are what the tests are about.
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")


class Keeper:
    def __init__(self, arguments):
        self.arguments = arguments

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.arguments.refuse:
            return "550 5.1.1 No such user here"
        if address in self.arguments.defer:
            return "451 4.7.1 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.arguments.refuse_mail:
            return "554 5.6.0 This mail is not wanted"
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        kept = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "tls": session.ssl is not None or self.arguments.tls == "implicit",
            "headers": {name: str(value) for name, value in mail.items()},
            "text": mail.get_content().replace("\r\n", "\n"),
            "source": envelope.original_content.decode("ascii"),
        }
        with open(self.arguments.mails, "a") as mails:
            mails.write(json.dumps(kept) + "\n")
        return "250 Kept"


def authenticator(arguments):
    def check(server, session, envelope, mechanism, data):
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        good = (arguments.user.encode(), arguments.password.encode())
        if (data.login, data.password) == good:
            return AuthResult(success=True, auth_data=data)
        # Some servers repeat what they were sent; the client must not pass that on.
        session.echo = data.password.decode()
        return AuthResult(success=False, handled=False, message="535 5.7.8 Wrong password: " + session.echo)

    return check


async def main(arguments):
    context = None
    if arguments.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)

    def connection():
        return SMTP(
            Keeper(arguments),
            hostname="localhost",
            tls_context=context if arguments.tls == "starttls" else None,
            require_starttls=arguments.tls == "starttls",
            authenticator=authenticator(arguments),
            auth_required=arguments.user != "",
            auth_require_tls=arguments.tls == "starttls",
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        connection, "127.0.0.1", 0, ssl=context if arguments.tls == "implicit" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


parser = argparse.ArgumentParser()
parser.add_argument("--mails", required=True)
parser.add_argument("--tls", choices=["starttls", "implicit", "none"], default="starttls")
parser.add_argument("--certificate")
parser.add_argument("--key")
parser.add_argument("--user", default="")
parser.add_argument("--password", default="")
parser.add_argument("--refuse", action="append", default=[])
parser.add_argument("--defer", action="append", default=[])
parser.add_argument("--refuse-mail", action="store_true")
asyncio.run(main(parser.parse_args()))
