#!/usr/bin/perl

# lib.mail.*: Gmail by IMAP, and SMTP, against servers of the test.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use Encode qw(encode);
use File::Path qw(make_path);
use MIME::Base64 qw(encode_base64);
use POSIX qw(strftime);
use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $dir = $t->dir;
my $mail = "$dir/mail";
make_path("$mail/INBOX", "$mail/[Gmail]_Sent Mail");

sub ago { return strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime(time - $_[0])) }

sub put {
    my ($box, $uid, $text) = @_;

    $text =~ s/(?<!\r)\n/\r\n/g;
    open my $fh, '>:raw', "$mail/$box/$uid.eml" or die "$box/$uid: $!";
    print {$fh} encode('UTF-8', $text);
    close $fh;
    return;
}

put('INBOX', 3, 'From: Ada <ada@example.com>
To: me@example.com
Subject: =?utf-8?B?' . encode_base64(encode('UTF-8', 'Größe'), '') . '?=
 =?iso-8859-1?Q?_caf=E9_?= end
Date: ' . ago(7200) . '
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

Caf=E9 =3D 1=
2
From here
');
put('INBOX', 5, 'Subject: AINews
From: "News, Inc." <news@example.com>
Date: ' . ago(60) . '
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer=1"

This is MIME.
--outer=1
Content-Type: multipart/alternative;
 boundary=inner

--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

' . encode_base64('<p>Hello <b>HTML</b></p>') . '
--inner
Content-Type: text/plain; charset=utf-8

Hello plain
--inner--
--outer=1
Content-Type: text/plain
Content-Disposition: attachment; filename=a.txt

Not this
--outer=1--
');
put('INBOX', 9, 'Subject: only HTML
From: h@example.com
Date: ' . ago(86400 * 3) . '
Content-Type: text/html

<html><body><h1>Title</h1><p>Text</p></body></html>
');
put('INBOX', 11, 'Subject: old
From: o@example.com
Date: ' . ago(86400 * 400) . '

Old.
');
put('[Gmail]_Sent Mail', 4, 'Subject: sent
From: me@example.com
Date: ' . ago(30) . '

Sent.
');

system("openssl req -x509 -newkey rsa:2048 -nodes -keyout $dir/key.pem "
    . "-out $dir/cert.pem -days 2 -subj /CN=localhost "
    . "-addext subjectAltName=DNS:localhost 2>/dev/null") == 0
    or die 'openssl';
$t->spawn('mail', ['python3', 't/lib/mock_mail.py', $dir, "$dir/cert.pem",
    "$dir/key.pem"]);
$t->wait_for('the ports', sub { -e "$dir/ports" });
my ($imap, $smtp) = split / /, $t->read_file("$dir/ports");

local @ENV{qw(GOOGLE_MAIL_USER GOOGLE_APP_PASSWORD GOOGLE_IMAP_URL
    NODETOOL_HTTP_ALLOW SSL_CERT_FILE)} = ('ada@example.com', 'app pass',
    "imap://127.0.0.1:$imap", '127.0.0.0/8', "$dir/cert.pem");
my $g = NodeTool::Graph->new;

sub commands { return split /\n/, $t->read_file("$dir/commands.log") }

sub search {
    my (%data) = @_;

    my $r = $g->run(graph([node(n => 'lib.mail.GmailSearch', %data),
        map { (node("c$_" => 'nodetool.control.Collect'),
            node("o$_" => 'nodetool.output.Output', name => $_)) }
            qw(email message_id)],
        map { ("n.$_>c$_.input_item", "c$_.output>o$_.value") }
            qw(email message_id)));
    return $r->{failure}{message} if defined $r->{failure}{message};
    return ($r->{results}{email}, $r->{results}{message_id});
}

sub change {
    my ($type, %data) = @_;

    my $r = $g->run(graph([node(n => "lib.mail.$type", %data),
        node(o => 'nodetool.output.Output', name => 'o')],
        'n.output>o.value'));
    return $r->{failure}{message} // $r->{results}{o};
}

# --- searching -----------------------------------------------------------------

my ($emails, $ids) = search();
is_deeply($ids, ['5', '3'], 'the last day, the newest first');
is($emails->[0]{subject}, 'AINews', 'a subject');
is($emails->[0]{sender}, '"News, Inc." <news@example.com>', 'a sender');
is($emails->[0]{body}, 'Hello plain', 'plain text goes before HTML');
is($emails->[0]{id}, '5', 'its id');
is($emails->[0]{date}{type}, 'datetime', 'its date');
is($emails->[1]{subject}, 'Größe café  end', 'encoded words');
is($emails->[1]{body}, "Café = 12\r\nFrom here\r\n", 'quoted-printable, Latin-1');

($emails, $ids) = search(date_filter => 'SINCE_ONE_HOUR');
is_deeply($ids, ['5'], 'the last hour, though servers look at days');
($emails, $ids) = search(date_filter => 'SINCE_ONE_WEEK');
is_deeply($ids, ['9', '5', '3'], 'the last week');
is($emails->[0]{body}, "# Title\n\nText\n\n", 'HTML as text')
    or diag explain $emails->[0]{body};
($emails, $ids) = search(date_filter => 'SINCE_ONE_WEEK', max_results => 1);
is_deeply($ids, ['9'], 'at most');
($emails, $ids) = search(from_address => 'ada@', subject => 'größe');
is_deeply($ids, ['3'], 'by sender and subject');
($emails, $ids) = search(body => '100% "no" \\ way');
is_deeply($ids, [], 'nothing');
like((grep { /SEARCH/ } commands())[-1], qr/BODY "100% \\"no\\" \\\\ way"$/,
    'with what has to be escaped');
($emails, $ids) = search(folder => '[Gmail]/Sent Mail');
is_deeply($ids, ['[Gmail]/Sent Mail;UID=4'], 'another folder');
my $logins = grep { /AUTHENTICATE|LOGIN/ } commands();
is($logins, 1, 'all by one connection');
like(search(subject => "a\r\nLOGOUT"), qr/'subject' must not have control/,
    'no commands in criteria');

# --- labels ----------------------------------------------------------------------

is(change('AddLabel', message_id => '5', label => 'Wäsche & "x"'), 1, 'a label');
is(change('MoveToArchive', message_id => '5'), 1, 'out of the inbox');
is_deeply($t->decode($t->read_file("$dir/labels.json")),
    { 5 => ['W&AOQ-sche &- "x"'] }, 'as the server has it now');
($emails, $ids) = search(keywords => 'none');
is_deeply($ids, [], 'no such label');
is(change('AddLabel', message_id => '3', label => 'todo'), 1, 'another label');
($emails, $ids) = search(keywords => 'todo');
is_deeply($ids, ['3'], 'found by it');
like(change('AddLabel', message_id => '77', label => 'x'),
    qr/there is no message "77" in INBOX/, 'a message that is not there');
like(change('AddLabel', message_id => '', label => 'x'),
    qr/'message_id' must not be empty/, 'no message');
like(change('AddLabel', message_id => '1:*', label => 'x'),
    qr/one that Gmail Search gives/, 'not all of them');
like(change('AddLabel', message_id => '5', label => ' '),
    qr/'label' must not be empty/, 'no label');
like(change('MoveToArchive', message_id => 'None;UID=1'),
    qr/refused the account or the folder: .*Unknown Mailbox: None/,
    'no such folder');

# --- sending -----------------------------------------------------------------------

my %account = (smtp_server => 'localhost', smtp_port => 0 + $smtp,
    username => 'ada@example.com', password => 'app pass');

sub sent { return map { $t->decode($_) } split /\n/,
    $t->read_file("$dir/sent.json") }

is(change('SendEmail', %account, to_address =>
    'Bob <bob@example.com>, eve@example.com', subject => 'Hi',
    body => "One\n.two\n\nthree"), 1, 'a message');
my ($m) = sent();
is($m->{mail}, 'MAIL FROM:<ada@example.com>', 'from the account');
is_deeply($m->{rcpt}, ['RCPT TO:<bob@example.com>', 'RCPT TO:<eve@example.com>'],
    'to all');
ok($m->{secure}, 'encrypted');
is($m->{user}, 'ada@example.com', 'logged in');
is_deeply([@$m{qw(from to subject body defects crlf date)}], ['ada@example.com',
    'Bob <bob@example.com>, eve@example.com', 'Hi', "One\n.two\n\nthree\n", 0,
    JSON::PP::true, JSON::PP::true], 'what arrives');
like($m->{id}, qr/^<[0-9a-f]{32}\@example\.com>$/, 'its id');

is(change('SendEmail', %account, from_address => 'Zoë <zoe@example.com>',
    to_address => 'Ünal Ö <u@example.com>', subject => 'Grüße ' x 20,
    body => "Smörgås\n" . 'x' x 2000), 1, 'in any script');
($m) = (sent())[-1];
is_deeply([@$m{qw(mail from to)}], ['MAIL FROM:<zoe@example.com>',
    'Zoë <zoe@example.com>', 'Ünal Ö <u@example.com>'], 'names');
is($m->{subject}, 'Grüße ' x 20, 'the subject');
is($m->{body}, "Smörgås\n" . 'x' x 2000 . "\n", 'the body');
cmp_ok($m->{longest}, '<', 100, 'in short lines');

like(change('SendEmail', %account, password => 'wrong', to_address => 'b@x.org'),
    qr/localhost refused the account.*: 535 5\.7\.8/, 'a wrong password');
like(change('SendEmail', %account, to_address => 'nobody@example.com'),
    qr/localhost refused: 550 5\.1\.1 no such user/, 'a wrong recipient');
like(change('SendEmail', %account, to_address => ''),
    qr/'to_address' must be an address/, 'no recipient');
like(change('SendEmail', %account, to_address => "b\@x.org\r\nRCPT TO:<c\@x>"),
    qr/'to_address' must be one line/, 'no second line');
like(change('SendEmail', %account, to_address => 'b@x.org', subject => "a\nb"),
    qr/'subject' must be one line/, 'nor in the subject');
like(change('SendEmail', %account, smtp_server => 'a/b', to_address => 'b@x.org'),
    qr/'smtp_server' must be the name/, 'no path as a server');
is(scalar(sent()), 2, 'two were sent');
$g->done;

{
    local $ENV{SSL_CERT_FILE} = '/etc/ssl/certs/ca-certificates.crt';
    local $ENV{NODETOOL_HTTP_ALLOW} = '';
    local $ENV{GOOGLE_APP_PASSWORD} = 'wrong';
    $g = NodeTool::Graph->new;
    like(change('SendEmail', %account, to_address => 'b@x.org'),
        qr/private network/, 'servers of private networks are refused');
    like(search(), qr/refused the account.*AUTHENTICATIONFAILED/,
        'a wrong password of the account');
    $g->done;

    delete $ENV{GOOGLE_APP_PASSWORD};
    $ENV{NODETOOL_HTTP_ALLOW} = 'private';
    $g = NodeTool::Graph->new;
    like(search(), qr/has to set GOOGLE_MAIL_USER/, 'no account');
    like(change('SendEmail', %account, to_address => 'b@x.org'),
        qr/certificate of localhost is not valid/, 'an unknown certificate');
    $g->done;
}
is(scalar(sent()), 2, 'no more were sent');
$t->done;
