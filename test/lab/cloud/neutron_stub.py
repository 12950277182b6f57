#!/usr/bin/python3
"""Answers the few Neutron calls that Nova makes for servers without networks: every list is empty.

neutron_stub.py ADDRESS PORT
"""
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Neutron(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        path = self.path.split('?')[0].rstrip('/')
        if path in ('', '/v2.0'):
            link = 'http://%s/v2.0/' % self.headers.get('Host')
            return self.answer(200, {'versions': [
                {'id': 'v2.0', 'status': 'CURRENT', 'links': [{'rel': 'self', 'href': link}]}]})
        collection = re.fullmatch(r'/v2\.0/([a-z-]+)(?:\.json)?', path)
        if collection:
            return self.answer(200, {collection.group(1).replace('-', '_'): []})
        return self.answer(404, {'NeutronError': {'type': 'NotFound', 'message': path, 'detail': ''}})

    def refuse(self):
        self.rfile.read(int(self.headers.get('Content-Length') or 0))
        self.answer(501, {'NeutronError': {'type': 'NotImplemented', 'message': 'stub', 'detail': ''}})

    do_POST = do_PUT = do_DELETE = refuse

    def log_message(self, *args):
        pass


if __name__ == '__main__':
    ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Neutron).serve_forever()
