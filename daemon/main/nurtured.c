/* nurtured: the daemon's command line. */
#include "config.h"

#include "base/civil.h"
#include "main/daemon.h"
#include "os/log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: nurtured [-t] [-v] [-c FILE] [--live] [--clock-speed N | --clock-manual] [--clock-start TIME]\n"
	"\n"
	"  -c, --config FILE     configuration (default: " NT_SYSCONFDIR "/nurtured/nurtured.yaml)\n"
	"  -t, --test            check configuration and rules, then exit: 0 if all is well\n"
	"  -v, --verbose         log more\n"
	"      --live            a line on standard output for every message and hand-off\n"
	"      --clock-speed N   run N times as fast (86400: a day a second); the store must be one of its own\n"
	"      --clock-manual    the clock stands until `nurturectl clock` moves it; for tests\n"
	"      --clock-start T   where such a clock starts: 2026-03-02T09:00:00Z (default: now)\n"
	"      --version, --help\n";

enum { OPTION_LIVE = 256, OPTION_SPEED, OPTION_MANUAL, OPTION_START, OPTION_VERSION, OPTION_HELP };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "test", no_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "live", no_argument, NULL, OPTION_LIVE },
	{ "clock-speed", required_argument, NULL, OPTION_SPEED },
	{ "clock-manual", no_argument, NULL, OPTION_MANUAL },
	{ "clock-start", required_argument, NULL, OPTION_START },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

static _Noreturn void wrong(const char *what, const char *value)
{
	fprintf(stderr, "nurtured: %s: %s\n%s", what, value, usage);
	exit(2);
}

static nt_time parse_start(const char *text)
{
	struct nt_civil civil;
	bool has_offset;
	nt_time t;

	if (!nt_instant_parse(text, strlen(text), &civil, &has_offset, &t, NULL))
		wrong("--clock-start needs a time such as 2026-03-02T09:00:00Z", text);
	return has_offset ? t : nt_civil_utc(&civil);
}

static double parse_speed(const char *text)
{
	char *end;
	double speed = strtod(text, &end);

	if (end == text || *end != '\0' || !(speed > 0) || speed > 1e7)
		wrong("--clock-speed needs a number from 0 to 10000000", text);
	return speed;
}

int main(int argc, char **argv)
{
	struct nt_daemon_options options = { .config = NT_SYSCONFDIR "/nurtured/nurtured.yaml",
		                             .clock_start = NT_NO_TIME };
	enum nt_log_level level = NT_LOG_INFO;
	bool check = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:tvh", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options.config = optarg;
			break;
		case 't':
			check = true;
			break;
		case 'v':
			level = NT_LOG_DEBUG;
			break;
		case OPTION_LIVE:
			options.live = true;
			break;
		case OPTION_SPEED:
			options.clock_speed = parse_speed(optarg);
			break;
		case OPTION_MANUAL:
			options.clock_manual = true;
			break;
		case OPTION_START:
			options.clock_start = parse_start(optarg);
			break;
		case OPTION_VERSION:
			puts("nurtured " PACKAGE_VERSION);
			return 0;
		case 'h':
		case OPTION_HELP:
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc)
		wrong("nothing is expected after the options", argv[optind]);
	nt_log_open(level);
	return check ? nt_daemon_check(options.config) : nt_daemon_run(&options);
}
