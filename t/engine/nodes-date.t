#!/usr/bin/perl

# lib.date: one behaviour a line.  What stands behind @ and # is a datetime
# and a date; their refs are written out before the table is run.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP;
use POSIX qw(strftime);
use Test::More;

use NodeTool::Graph qw(graph node edges);
use NodeTool::NodeTable qw(run_table);

# "2024-02-29 12:30:00.5+3600/CET" is 5 microseconds past 12:30 in a zone of
# 3600 seconds; all behind the day is optional
my $datetime = qr/\@(\d+)-(\d+)-(\d+)(?:[ ](\d+):(\d+):(\d+)(?:[.](\d+))?)?
                  (?:([+-][\d.]+)(?:\/([\w:+-]+))?)?/x;

sub members {
    my ($quote, $separator, @values) = @_;

    return '{' . join(', ', map {
            $quote . $_->[0] . $quote . ': ' . ($_->[1] =~ /^-?[\d.]+$/
                ? $_->[1] : $quote . $_->[1] . $quote)
        } @values) . '}';
}

sub datetime {
    my ($quote, $y, $mon, $d, $h, $min, $s, $us, $offset, $zone) = @_;

    ($offset = $offset || 0) =~ s/^[+]//;
    return members($quote, ', ', ['type', 'datetime'], ['year', $y + 0],
        ['month', $mon + 0], ['day', $d + 0], ['hour', ($h || 0) + 0],
        ['minute', ($min || 0) + 0], ['second', ($s || 0) + 0],
        ['microsecond', ($us || 0) + 0], ['tzinfo', $zone || 'UTC'],
        ['utc_offset', $offset]);
}

sub date {
    my ($quote, $y, $m, $d) = @_;

    return members($quote, ', ', ['type', 'date'], ['year', $y + 0],
        ['month', $m + 0], ['day', $d + 0]);
}

# Refs are JSON in front of the arrow, Python's dicts behind.
sub expand {
    my ($line) = @_;

    my ($left, $right) = split /(?==>|!!)/, $line, 2;
    $left =~ s/$datetime/datetime('"', $1, $2, $3, $4, $5, $6, $7, $8, $9)/ge;
    $left =~ s/#(\d+)-(\d+)-(\d+)/date('"', $1, $2, $3)/ge;
    $right =~ s/$datetime/datetime("'", $1, $2, $3, $4, $5, $6, $7, $8, $9)/ge;
    $right =~ s/#(\d+)-(\d+)-(\d+)/date("'", $1, $2, $3)/ge;
    return $left . $right;
}

sub run_dates {
    my ($table, %opt) = @_;

    run_table(join('', map { expand("$_\n") } grep { /\S/ }
            split /\n/, $table), %opt);
    return;
}

run_dates(<<'TABLE');
lib.date.ParseDate {"date_string":"2024-02-29"} => #2024-2-29
lib.date.ParseDate {"date_string":"2024-2-9"} => #2024-2-9
lib.date.ParseDate {"date_string":"2023-02-29"} !! 'date_string': "2023-02-29" is no day in the format %Y-%m-%d
lib.date.ParseDate {"date_string":"2024-13-01"} !! is no day
lib.date.ParseDate {"date_string":"0000-01-01"} !! is no day
lib.date.ParseDate {"date_string":"2024-01-01 "} !! is no day
lib.date.ParseDate {"date_string":"24-01-01"} !! is no day
lib.date.ParseDate {} !! 'date_string': "" is no day
lib.date.ParseDate {"date_string":"12/25/2023","input_format":"%m/%d/%Y"} => #2023-12-25
lib.date.ParseDate {"date_string":"25/12/2023","input_format":"%d/%m/%Y"} => #2023-12-25
lib.date.ParseDate {"date_string":" 5/12/2023","input_format":"%d/%m/%Y"} => #2023-12-5
lib.date.ParseDate {"date_string":"dEcember   25, 2023","input_format":"%B %d, %Y"} => #2023-12-25
lib.date.ParseDate {"date_string":"May 1, 0001","input_format":"%B %d, %Y"} => #1-5-1
lib.date.ParseDate {"date_string":"Dec 25, 2023","input_format":"%B %d, %Y"} !! is no day
lib.date.ParseDate {"date_string":"20231225","input_format":"%Y%m%d"} => #2023-12-25
lib.date.ParseDate {"date_string":"2024111","input_format":"%Y%m%d"} => #2024-11-1
lib.date.ParseDate {"date_string":"202411","input_format":"%Y%m%d"} => #2024-1-1
lib.date.ParseDate {"date_string":"202413","input_format":"%Y%m%d"} => #2024-1-3
lib.date.ParseDate {"date_string":"2024-01-01","input_format":"%c"} !! "input_format"

lib.date.ParseDateTime {"datetime_string":"2024-02-29"} => @2024-2-29
lib.date.ParseDateTime {"datetime_string":"20240229_235958","input_format":"%Y%m%d_%H%M%S"} => @2024-2-29 23:59:58
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03","input_format":"%Y-%m-%dT%H:%M:%S"} => @2024-2-29 1:2:3
lib.date.ParseDateTime {"datetime_string":"2024-02-29t1:2:3","input_format":"%Y-%m-%dT%H:%M:%S"} => @2024-2-29 1:2:3
lib.date.ParseDateTime {"datetime_string":"2024-02-29T24:02:03","input_format":"%Y-%m-%dT%H:%M:%S"} !! is no day
lib.date.ParseDateTime {"datetime_string":"2024-02-29T23:59:60","input_format":"%Y-%m-%dT%H:%M:%S"} !! is no day
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03Z","input_format":"%Y-%m-%dT%H:%M:%S%z"} => @2024-2-29 1:2:3
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03z","input_format":"%Y-%m-%dT%H:%M:%S%z"} !! is no day
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03+0200","input_format":"%Y-%m-%dT%H:%M:%S%z"} => @2024-2-29 1:2:3+7200/UTC+02:00
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03-05:30","input_format":"%Y-%m-%dT%H:%M:%S%z"} => @2024-2-29 1:2:3-19800/UTC-05:30
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03+00:00:01.5","input_format":"%Y-%m-%dT%H:%M:%S%z"} => @2024-2-29 1:2:3+1.5/UTC+00:00:01
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03+01:0203","input_format":"%Y-%m-%dT%H:%M:%S%z"} !! is no day
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03+01:02:03.","input_format":"%Y-%m-%dT%H:%M:%S%z"} !! is no day
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03+24:00","input_format":"%Y-%m-%dT%H:%M:%S%z"} !! is no day
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03+01:60","input_format":"%Y-%m-%dT%H:%M:%S%z"} !! is no day
lib.date.ParseDateTime {"datetime_string":"2024-02-29T01:02:03","input_format":"%Y-%m-%dT%H:%M:%S%z"} !! is no day

lib.date.FormatDateTime {"input_datetime":@2023-12-25 8:30:0} => 'December 25, 2023'
lib.date.FormatDateTime {"input_datetime":@2023-2-5 8:3:9,"output_format":"%Y-%m-%dT%H:%M:%S%z"} => '2023-02-05T08:03:09+0000'
lib.date.FormatDateTime {"input_datetime":@2023-2-5 8:3:9+19800/IST,"output_format":"%Y-%m-%dT%H:%M:%S%z"} => '2023-02-05T08:03:09+0530'
lib.date.FormatDateTime {"input_datetime":@2023-2-5 8:3:9-1.5,"output_format":"%Y-%m-%dT%H:%M:%S%z"} => '2023-02-05T08:03:09-000001.500000'
lib.date.FormatDateTime {"input_datetime":@987-2-5 8:3:9,"output_format":"%Y%m%d_%H%M%S"} => '09870205_080309'
lib.date.FormatDateTime {"input_datetime":@2023-2-5,"output_format":"%m/%d/%Y"} => '02/05/2023'
lib.date.FormatDateTime {"input_datetime":@2023-2-5,"output_format":"%d/%m/%Y"} => '05/02/2023'
lib.date.FormatDateTime {"input_datetime":{"type":"datetime","year":2024,"month":3,"day":1}} => 'March 01, 2024'
lib.date.FormatDateTime {} !! 'input_datetime': "year" must be a whole number from 1 to 9999
lib.date.FormatDateTime {"input_datetime":"2024-01-01"} !! 'input_datetime' must be a datetime, not str
lib.date.FormatDateTime {"input_datetime":#2024-1-1} !! 'input_datetime' must be a datetime, not date
lib.date.FormatDateTime {"input_datetime":@2023-2-29} !! there is no day 29 in month 2 of 2023
lib.date.FormatDateTime {"input_datetime":@2023-2-28 24:0:0} !! "hour" must be a whole number from 0 to 23
lib.date.FormatDateTime {"input_datetime":@2023-2-28 0:0:0+86400} !! "utc_offset" must be a number of seconds less than a day
lib.date.FormatDateTime {"input_datetime":{"year":2024.5,"month":3,"day":1}} !! "year" must be a whole number

lib.date.GetWeekday {"input_datetime":@2023-12-25} => 'Monday'
lib.date.GetWeekday {"input_datetime":@2023-12-24,"as_name":false} => 6
lib.date.GetWeekday {"input_datetime":@1-1-1,"as_name":false} => 0
lib.date.GetWeekday {"input_datetime":@9999-12-31} => 'Friday'

lib.date.DateToDatetime {"input_date":#2024-2-29} => @2024-2-29
lib.date.DateToDatetime {"input_date":@2024-2-29} !! 'input_date' must be a date, not datetime
lib.date.DateToDatetime {} !! 'input_date'
lib.date.DatetimeToDate {"input_datetime":@2024-2-29 23:0:0-7200} => #2024-2-29

lib.date.AddTimeDelta {"input_datetime":@2024-2-28 23:30:0.25,"days":1,"hours":-1,"minutes":45} => @2024-2-29 23:15:0.25
lib.date.AddTimeDelta {"input_datetime":@2024-3-1 0:0:0+3600/CET,"minutes":-1} => @2024-2-29 23:59:0+3600/CET
lib.date.AddTimeDelta {"input_datetime":@2000-1-1,"days":3650} => @2009-12-29
lib.date.AddTimeDelta {"input_datetime":@2000-1-1 0:0:0+0/Zulu} => @2000-1-1
lib.date.AddTimeDelta {"input_datetime":@2000-1-1,"days":3651} !! takes numbers from -3650 to 3650
lib.date.AddTimeDelta {"input_datetime":@2000-1-1,"hours":-25} !! takes numbers from -24 to 24
lib.date.AddTimeDelta {"input_datetime":@1-1-1,"minutes":-1} !! the result is not in the years 1 to 9999
lib.date.AddTimeDelta {"input_datetime":@9999-12-31,"days":1} !! the result is not in the years 1 to 9999

lib.date.DateRange {"start_date":@2024-2-28,"end_date":@2024-3-1 1:0:0} => [@2024-2-28, @2024-2-29, @2024-3-1]
lib.date.DateRange {"start_date":@2024-2-28,"end_date":@2024-3-1,"step_days":2} => [@2024-2-28, @2024-3-1]
lib.date.DateRange {"start_date":@2024-2-28,"end_date":@2024-2-28 0:0:0+3600} => []
lib.date.DateRange {"start_date":@9999-12-31,"end_date":@9999-12-31} => [@9999-12-31]
lib.date.DateRange {"start_date":@2024-2-28,"end_date":@2024-3-1,"step_days":9223372036854775807} => [@2024-2-28]
lib.date.DateRange {"start_date":@2024-2-28,"end_date":@2024-3-1,"step_days":0} !! 'step_days' must be at least 1
lib.date.DateRange {"start_date":@1-1-1,"end_date":@9999-12-31} !! 'end_date' makes a list of more than 1000000 dates

lib.date.IsDateInRange {"check_date":@2024-5-5,"start_date":@2024-5-1,"end_date":@2024-5-5} => True
lib.date.IsDateInRange {"check_date":@2024-5-5,"start_date":@2024-5-1,"end_date":@2024-5-5,"inclusive":false} => False
lib.date.IsDateInRange {"check_date":@2024-5-5 1:0:0+3600,"start_date":@2024-5-5,"end_date":@2024-5-6} => True
lib.date.IsDateInRange {"check_date":@2024-5-5 0:0:0+1,"start_date":@2024-5-5,"end_date":@2024-5-6} => False

lib.date.BoundaryTime {"input_datetime":@2024-2-15 13:14:15.16} => @2024-2-15
lib.date.BoundaryTime {"input_datetime":@2024-2-15 13:14:15+60,"boundary":"end"} => @2024-2-15 23:59:59.999999+60/UTC
lib.date.BoundaryTime {"input_datetime":@2024-2-15 13:14:15,"period":"week"} => @2024-2-12
lib.date.BoundaryTime {"input_datetime":@2024-2-15 13:14:15,"period":"week","boundary":"end"} => @2024-2-18 23:59:59.999999
lib.date.BoundaryTime {"input_datetime":@2024-2-15,"period":"week","start_monday":false} => @2024-2-11
lib.date.BoundaryTime {"input_datetime":@2024-2-18,"period":"week","start_monday":false,"boundary":"end"} => @2024-2-24 23:59:59.999999
lib.date.BoundaryTime {"input_datetime":@2024-2-15,"period":"month"} => @2024-2-1
lib.date.BoundaryTime {"input_datetime":@2024-2-15,"period":"month","boundary":"end"} => @2024-2-29 23:59:59.999999
lib.date.BoundaryTime {"input_datetime":@1900-2-15,"period":"month","boundary":"end"} => @1900-2-28 23:59:59.999999
lib.date.BoundaryTime {"input_datetime":@9999-12-15,"period":"month","boundary":"end"} => @9999-12-31 23:59:59.999999
lib.date.BoundaryTime {"input_datetime":@2024-2-15,"period":"year"} => @2024-1-1
lib.date.BoundaryTime {"input_datetime":@2024-2-15,"period":"year","boundary":"end"} => @2024-12-31 23:59:59.999999
lib.date.BoundaryTime {"input_datetime":@9999-12-31,"period":"week","boundary":"end"} !! the result is not in the years 1 to 9999

lib.date.RelativeTime {"amount":-1} !! takes numbers from 0 on
lib.date.RelativeTime {"amount":9223372036854775807} !! the result is not in the years 1 to 9999
lib.date.RelativeTime {"amount":9223372036854775807,"unit":"months"} !! the result is not in the years 1 to 9999
lib.date.RelativeTime {"amount":30000,"unit":"months","direction":"past"} !! the result is not in the years
TABLE

# --- several outputs ---------------------------------------------------------

my $quarter = '{"input_datetime":@2024-11-15 1:2:3+3600/CET}';
my $span = '{"start_date":@2024-3-1,"end_date":@2024-2-28 22:58:57}';

for ([GetQuarter => $quarter, quarter => '4'],
    [GetQuarter => $quarter, quarter_start => '@2024-10-1 0:0:0+3600/CET'],
    [GetQuarter => $quarter, quarter_end => '@2024-12-31 0:0:0+3600/CET'],
    [GetQuarter => '{"input_datetime":@2023-1-1}',
        quarter_end => '@2023-3-31'],
    [DateDifference => $span, total_seconds => '-90063'],
    [DateDifference => $span, days => '-2'],
    [DateDifference => $span, hours => '22'],
    [DateDifference => $span, minutes => '58'],
    [DateDifference => $span, seconds => '57']) {
    my ($type, $data, $output, $want) = @$_;
    run_dates("lib.date.$type $data => $want", output => $output);
}

# --- the current time --------------------------------------------------------

my $g = NodeTool::Graph->new(plugins => []);

sub ask {
    my ($type, %data) = @_;

    return $g->run(graph([node(n => "lib.date.$type", %data),
        node(out => 'nodetool.output.Output', name => 'o')],
        'n.output>out.value'))->{results}{o};
}

sub day { return sprintf '%04d-%02d-%02d', @{ $_[0] }{qw(year month day)} }

sub stamp {
    my ($r) = @_;

    return day($r) . sprintf ' %02d:%02d:%02d', @$r{qw(hour minute second)};
}

sub between {
    my ($code, $format, $offset, $name) = @_;

    my $before = strftime($format, gmtime(time + $offset));
    my $got = stamp($code->());
    my $after = strftime($format, gmtime(time + $offset));
    ok($before le $got && $got le $after, $name)
        or diag("$before, $got, $after");
    return;
}

my $format = '%Y-%m-%d %H:%M:%S';
between(sub { ask('Now') }, $format, 0, 'Now');
between(sub { ask('RelativeTime', amount => 3) }, $format, 3 * 86400,
    'days from now');
between(sub { ask('RelativeTime', amount => 5, unit => 'hours',
            direction => 'past') }, $format, -5 * 3600, 'hours ago');

my ($first, $today, $second) = (strftime('%Y-%m-%d', localtime),
    day(ask('Today')), strftime('%Y-%m-%d', localtime));
ok($today eq $first || $today eq $second, 'Today');

my $now = ask('Now');
my $ahead = ask('RelativeTime', amount => 25, unit => 'months');
is(($ahead->{year} - $now->{year}) * 12 + $ahead->{month} - $now->{month}, 25,
    'months from now');
$g->done;

done_testing();
