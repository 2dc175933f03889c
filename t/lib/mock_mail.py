#!/usr/bin/env python3
"""IMAP (RFC 3501, with Gmail's labels) and SMTP (RFC 5321) for tests.

mock_mail.py FOLDER [CERTIFICATE KEY]

FOLDER/mail/BOX/UID.eml are the messages, with "/" of a box as "_"; labels are
kept in FOLDER/labels.json; what SMTP gets goes to FOLDER/sent.json, a line a
message; each command is a line of FOLDER/commands.log.  The ports are written
to FOLDER/ports: "IMAP SMTP".  With a certificate, SMTP has STARTTLS.  The
account is ada@example.com with the password "app pass".
"""

import base64
import datetime
import email
import email.policy
import json
import os
import re
import socketserver
import ssl
import sys
import threading

FOLDER = sys.argv[1]
TLS = None
if len(sys.argv) > 3:
    TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    TLS.load_cert_chain(sys.argv[2], sys.argv[3])
USER, PASSWORD = 'ada@example.com', 'app pass'
LOCK = threading.Lock()


def log(line):
    with LOCK, open(f'{FOLDER}/commands.log', 'a', encoding='utf-8') as file:
        file.write(line + '\n')


class Lines(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b'\r\n')

    def hear(self):
        line = self.rfile.readline()
        return line.rstrip(b'\r\n').decode('utf-8', 'surrogateescape') \
            if line else None


def tokens(text):
    """Atoms, quoted strings and parentheses of a command."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|([()])|([^\s()"]+)', text)
    return [re.sub(r'\\(.)', r'\1', q) if q or not (p or a) else p or a
            for q, p, a in found]


class Imap(Lines):
    def handle(self):
        self.box = None
        self.say('* OK mock ready')
        while (line := self.hear()) is not None:
            tag, _, command = line.partition(' ')
            if not command:
                self.say(f'{tag} BAD empty')
                continue
            log('imap ' + re.sub(r'^LOGIN.*', 'LOGIN', command))
            if not self.command(tag, command):
                return

    def command(self, tag, command):
        words = tokens(command)
        name = words[0].upper()
        if name == 'UID':
            name = 'UID ' + words[1].upper()
        if name == 'CAPABILITY':
            self.say('* CAPABILITY IMAP4rev1 X-GM-EXT-1 AUTH=PLAIN')
            self.say(f'{tag} OK')
        elif name == 'LOGIN':
            self.login(tag, words[1:3] == [USER, PASSWORD])
        elif name == 'AUTHENTICATE':
            self.say('+ ')
            answer = base64.b64decode(self.hear() or '').decode()
            self.login(tag, answer.split('\0')[1:] == [USER, PASSWORD])
        elif name == 'SELECT':
            self.select(tag, words[1])
        elif name == 'UID SEARCH':
            self.search(tag, words[2:])
        elif name == 'UID FETCH':
            self.fetch(tag, words[2], command)
        elif name == 'UID STORE':
            self.store(tag, words[2], words[3], words[4:])
        elif name == 'LOGOUT':
            self.say('* BYE')
            self.say(f'{tag} OK')
            return False
        elif name == 'NOOP':
            self.say(f'{tag} OK')
        else:
            self.say(f'{tag} BAD unknown command')
        return True

    def login(self, tag, good):
        if good:
            self.say(f'{tag} OK {USER} authenticated (Success)')
        else:
            self.say(f'{tag} NO [AUTHENTICATIONFAILED] Invalid credentials')

    def path(self):
        return f'{FOLDER}/mail/' + self.box.replace('/', '_')

    def uids(self):
        return sorted(int(name[:-4]) for name in os.listdir(self.path()))

    def select(self, tag, box):
        self.box = box
        if not os.path.isdir(self.path()):
            self.box = None
            self.say(f'{tag} NO [NONEXISTENT] Unknown Mailbox: {box}')
            return
        self.say(r'* FLAGS (\Seen \Deleted)')
        self.say(f'* {len(self.uids())} EXISTS')
        self.say('* OK [UIDVALIDITY 7] UIDs valid.')
        self.say(f'{tag} OK [READ-WRITE] {box} selected. (Success)')

    def matches(self, uid, words):
        """Whether a message meets all criteria; OR takes two of them."""
        with open(f'{self.path()}/{uid}.eml', 'rb') as file:
            raw = file.read()
        message = email.message_from_bytes(raw, policy=email.policy.default)
        labels = self.labels().get(str(uid), [])
        words = list(words)

        def one():
            key = words.pop(0).upper()
            if key == 'OR':
                first = one()
                second = one()
                return first or second
            value = words.pop(0)
            if key == 'CHARSET':
                assert value == 'UTF-8'
                return True
            if key == 'SINCE':
                day = datetime.datetime.strptime(value, '%d-%b-%Y').date()
                return message['Date'].datetime.date() >= day
            if key == 'X-GM-LABELS':
                return value in labels
            if key == 'KEYWORD':
                return False
            text = {'FROM': str(message['From']), 'TO': str(message['To']),
                    'SUBJECT': str(message['Subject']),
                    'BODY': raw.decode('utf-8', 'replace'),
                    'TEXT': raw.decode('utf-8', 'replace')}[key]
            return value.lower() in text.lower()

        good = True
        while words:
            good = one() and good
        return good

    def search(self, tag, words):
        found = [str(uid) for uid in self.uids() if self.matches(uid, words)]
        self.say(' '.join(['* SEARCH'] + found))
        self.say(f'{tag} OK SEARCH completed (Success)')

    def fetch(self, tag, uid, command):
        if int(uid) in self.uids() and 'BODY[]' in command:
            with open(f'{self.path()}/{uid}.eml', 'rb') as file:
                raw = file.read()
            number = self.uids().index(int(uid)) + 1
            self.say(f'* {number} FETCH (UID {uid} BODY[] {{{len(raw)}}}')
            self.wfile.write(raw)
            self.say(')')
        self.say(f'{tag} OK Success')

    def labels(self):
        try:
            with open(f'{FOLDER}/labels.json', encoding='utf-8') as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def store(self, tag, uid, change, words):
        if int(uid) in self.uids():
            with LOCK:
                labels = self.labels()
                mine = labels.setdefault(uid, ['\\Inbox'])
                for label in words[1:-1]:
                    if change == '+X-GM-LABELS' and label not in mine:
                        mine.append(label)
                    elif change == '-X-GM-LABELS' and label in mine:
                        mine.remove(label)
                with open(f'{FOLDER}/labels.json', 'w',
                          encoding='utf-8') as file:
                    json.dump(labels, file)
            number = self.uids().index(int(uid)) + 1
            self.say(f'* {number} FETCH (X-GM-LABELS () UID {uid})')
        self.say(f'{tag} OK Success')


class Smtp(Lines):
    def handle(self):
        self.user = self.sender = None
        self.secure = False
        self.to = []
        self.say('220 mock ESMTP')
        while (line := self.hear()) is not None:
            log('smtp ' + line)
            if not self.command(line):
                return

    def command(self, line):
        name = line.split(' ')[0].upper()
        if name in ('EHLO', 'HELO'):
            self.say('250-mock')
            if TLS and not self.secure:
                self.say('250-STARTTLS')
            self.say('250-AUTH PLAIN LOGIN')
            self.say('250 8BITMIME')
        elif name == 'STARTTLS' and TLS:
            self.say('220 go ahead')
            self.secure = True
            self.connection = TLS.wrap_socket(self.connection,
                                              server_side=True)
            self.rfile = self.connection.makefile('rb')
            self.wfile = self.connection.makefile('wb', 0)
        elif name == 'AUTH':
            self.auth(line)
        elif name == 'MAIL':
            self.sender, self.to = line, []
            self.say('250 ok')
        elif name == 'RCPT':
            if '<nobody@' in line:
                self.say('550 5.1.1 no such user')
            else:
                self.to.append(line)
                self.say('250 ok')
        elif name == 'DATA':
            self.data()
        elif name == 'QUIT':
            self.say('221 bye')
            return False
        else:
            self.say('250 ok')
        return True

    def auth(self, line):
        words = line.split(' ')
        if words[1] != 'PLAIN':
            self.say('504 only PLAIN')
            return
        if len(words) < 3:
            self.say('334 ')
            words.append(self.hear())
        answer = base64.b64decode(words[2]).decode().split('\0')[1:]
        if answer == [USER, PASSWORD]:
            self.user = USER
            self.say('235 ok')
        else:
            self.say('535 5.7.8 Username and Password not accepted')

    def data(self):
        self.say('354 go')
        lines = []
        while (line := self.rfile.readline()) not in (b'.\r\n', b''):
            lines.append(line[1:] if line.startswith(b'.') else line)
        raw = b''.join(lines)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        with LOCK, open(f'{FOLDER}/sent.json', 'a', encoding='utf-8') as file:
            json.dump({'mail': self.sender, 'rcpt': self.to,
                       'user': self.user, 'secure': self.secure,
                       'crlf': raw.count(b'\n') == raw.count(b'\r\n'),
                       'longest': max(len(line) for line in lines),
                       'from': str(message['From']),
                       'to': str(message['To']),
                       'subject': str(message['Subject']),
                       'date': bool(message['Date'].datetime),
                       'id': str(message['Message-ID']),
                       'defects': len(message.defects),
                       'body': message.get_content().replace('\r\n', '\n')}, file)
            file.write('\n')
        self.say('250 2.0.0 OK')


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


imap = Server(('127.0.0.1', 0), Imap)
smtp = Server(('127.0.0.1', 0), Smtp)
threading.Thread(target=imap.serve_forever, daemon=True).start()
with open(f'{FOLDER}/ports.new', 'w', encoding='utf-8') as ports:
    ports.write(f'{imap.server_address[1]} {smtp.server_address[1]}')
os.rename(f'{FOLDER}/ports.new', f'{FOLDER}/ports')
smtp.serve_forever()
