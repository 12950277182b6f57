#!/usr/bin/python3
"""A Redfish service for one host: TLS, sessions and Basic log-in, one ComputerSystem that can be reset.

redfish_server.py --address 10.77.4.11:443 --cert FILE --key FILE --uuid UUID --user admin --password-file FILE
                  --log FILE CHASSIS...

CHASSIS is a command as ipmi_sim's chassis_control: `CHASSIS... get power` prints power:1 or power:0, and
`CHASSIS... set power 0` switches; when it fails, so does the request, with 503. Each request is a line of the log,
without what was in it.

Debian has no Redfish simulator, hence this one. It shares no code with the guardian; that real clients
(sushy, redfishtool, fence_redfish) take it for a BMC is a test of its own, in redfish.lab.ts.
"""
import argparse
import base64
import hmac
import http.server
import json
import secrets
import ssl
import subprocess
import sys
import threading

ROOT = '/redfish/v1'
SESSIONS, SYSTEM = ROOT + '/SessionService/Sessions', ROOT + '/Systems/1'
RESET = SYSTEM + '/Actions/ComputerSystem.Reset'
# What each ResetType asks of the chassis. A restart is not offered: who fences must never ask for one.
RESETS = {'On': '1', 'ForceOn': '1', 'ForceOff': '0', 'GracefulShutdown': '0'}
SESSIONS_MAX = 8  # as many real ones


class Refused(Exception):
    def __init__(self, status, key, message):
        super().__init__(message)
        self.status, self.key = status, key


class Device:
    """What the service knows: who may log in, who has, and how to reach the chassis."""

    def __init__(self, options):
        self.options, self.sessions, self.lock = options, {}, threading.Lock()
        with open(options.password_file) as file:
            self.password = file.read().strip()

    def log(self, line):
        with self.lock, open(self.options.log, 'a') as file:
            file.write(line + '\n')

    def chassis(self, *words):
        done = subprocess.run([*self.options.chassis, *words], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise Refused(503, 'ServiceTemporarilyUnavailable', 'The service is temporarily unavailable.')
        return done.stdout

    def is_on(self):
        return 'power:1' in self.chassis('get', 'power').split()

    def is_user(self, user, password):
        return hmac.compare_digest('%s:%s' % (user, password), '%s:%s' % (self.options.user, self.password))

    def log_in(self, asked):
        if not self.is_user(asked.get('UserName'), asked.get('Password')):
            raise Refused(401, 'InsufficientPrivilege', 'The user name or the password is wrong.')
        with self.lock:
            if len(self.sessions) >= SESSIONS_MAX:
                raise Refused(503, 'SessionLimitExceeded', 'There are too many sessions.')
            token, name = secrets.token_hex(16), secrets.token_hex(4)
            self.sessions[token] = name
        return token, session_record(name, self.options.user)

    def reset(self, asked):
        value = RESETS.get(asked.get('ResetType'))
        if value is None:
            raise Refused(400, 'ActionParameterNotSupported', 'There is no such ResetType.')
        if self.is_on() == (value == '1') and self.options.strict:
            raise Refused(409, 'ResourceInUse', 'The system is in that state already.')
        self.chassis('set', 'power', value)

    def documents(self):
        """Those that need a log-in, each made when it is asked for."""
        return {
            ROOT + '/Systems': lambda: collection(ROOT + '/Systems', 'ComputerSystem', [SYSTEM]),
            SYSTEM: lambda: system_record(self.options, self.is_on()),
            ROOT + '/SessionService': lambda: typed('SessionService', '1_1_8', ROOT + '/SessionService', 'Sessions', {
                'ServiceEnabled': True, 'SessionTimeout': 600, 'Sessions': link(SESSIONS)}),
            SESSIONS: lambda: collection(SESSIONS, 'Session', [
                '%s/%s' % (SESSIONS, name) for name in self.sessions.values()]),
        }


def link(path):
    return {'@odata.id': path}


def typed(kind, version, path, name, fields):
    return {'@odata.type': '#%s.v%s.%s' % (kind, version, kind), '@odata.id': path,
            'Id': path.rsplit('/', 1)[1], 'Name': name, **fields}


def collection(path, kind, members):
    return {'@odata.type': '#%sCollection.%sCollection' % (kind, kind), '@odata.id': path, 'Name': kind + 's',
            'Members@odata.count': len(members), 'Members': [link(member) for member in members]}


def session_record(name, user):
    return typed('Session', '1_3_0', '%s/%s' % (SESSIONS, name), 'Session', {'UserName': user})


def service_root(uuid):
    return {**typed('ServiceRoot', '1_9_0', ROOT, 'Root Service', {}), 'Id': 'RootService',
            'RedfishVersion': '1.11.0', 'UUID': uuid, 'Systems': link(ROOT + '/Systems'),
            'SessionService': link(ROOT + '/SessionService'), 'Links': {'Sessions': link(SESSIONS)}}


def system_record(options, on):
    return typed('ComputerSystem', '1_13_0', SYSTEM, 'Compute host', {
        'SystemType': 'Physical', 'UUID': options.uuid.upper(), 'SerialNumber': options.serial,
        'PowerState': 'On' if on else 'Off', 'PowerRestorePolicy': 'AlwaysOff',
        'Status': {'State': 'Enabled', 'Health': 'OK'},
        'Boot': {'BootSourceOverrideEnabled': 'Disabled', 'BootSourceOverrideTarget': 'None'},
        'Actions': {'#ComputerSystem.Reset': {'target': RESET, 'ResetType@Redfish.AllowableValues': sorted(RESETS)}}})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 30  # of a client that says nothing

    def setup(self):
        # Here and not where it is accepted: one client that does not shake hands must not stop the others.
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def answer(self, status, body=None, headers=()):
        data = b'' if body is None else json.dumps(body).encode()
        self.send_response(status)
        # One request a connection: clients must not send an order on one that is being closed.
        for name, value in (('OData-Version', '4.0'), ('Content-Type', 'application/json'), ('Connection', 'close'), *headers):
            self.send_header(name, value)
        if status != 204:
            self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def token(self):
        return self.headers.get('X-Auth-Token', '')

    def check_login(self):
        device = self.server.device
        if self.token() in device.sessions:
            return
        scheme, _, coded = self.headers.get('Authorization', '').partition(' ')
        user, _, password = base64.b64decode(coded).decode('utf8', 'replace').partition(':')
        if scheme != 'Basic' or not device.is_user(user, password):
            raise Refused(401, 'NoValidSession', 'There is no valid session established.')

    def serve(self):
        device, path = self.server.device, self.path.split('?')[0].rstrip('/')
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        device.log('%s %s' % (self.command, path))
        if (self.command, path) == ('GET', '/redfish'):
            return self.answer(200, {'v1': ROOT + '/'})
        if (self.command, path) == ('GET', ROOT):
            return self.answer(200, service_root(device.options.uuid))
        if (self.command, path) == ('POST', SESSIONS):
            token, record = device.log_in(json.loads(body))
            return self.answer(201, record, (('X-Auth-Token', token), ('Location', record['@odata.id'])))
        self.check_login()
        if self.command == 'DELETE' and path.startswith(SESSIONS + '/'):
            device.sessions = {token: name for token, name in device.sessions.items() if not path.endswith(name)}
            return self.answer(204)
        if (self.command, path) == ('POST', RESET):
            device.reset(json.loads(body))
            return self.answer(204)
        document = device.documents().get(path) if self.command == 'GET' else None
        if document is None:
            raise Refused(404, 'ResourceMissingAtURI', 'There is no such resource.')
        return self.answer(200, document())

    def handle_one_method(self):
        try:
            self.serve()
        except Refused as refusal:
            info = {'MessageId': 'Base.1.8.' + refusal.key, 'Message': str(refusal), 'Severity': 'Warning'}
            self.answer(refusal.status, {'error': {
                'code': 'Base.1.8.GeneralError', 'message': 'See ExtendedInfo.', '@Message.ExtendedInfo': [info]}})

    do_GET = do_POST = do_DELETE = handle_one_method

    def log_message(self, *_words):
        pass  # it has a log of its own


class Service(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        address, port = options.address.rsplit(':', 1)
        self.device, self.tls = Device(options), None
        if options.cert:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(options.cert, options.key)
        super().__init__((address, int(port)), Handler)

    def handle_error(self, request, client_address):
        self.device.log('broken off: %r' % sys.exc_info()[1])  # a client that left, or did not like the certificate


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    for name in ('address', 'uuid', 'user', 'password-file', 'log'):
        parser.add_argument('--' + name, required=True)
    parser.add_argument('--cert')
    parser.add_argument('--key')
    parser.add_argument('--serial', default='SN-1')
    parser.add_argument('--strict', action='store_true', help='refuses to switch off what is off')
    parser.add_argument('chassis', nargs='+')
    options = parser.parse_args()
    Service(options).serve_forever()


if __name__ == '__main__':
    main()
