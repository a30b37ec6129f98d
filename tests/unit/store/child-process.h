/* Shared by the crash tests: this test's program once more as a child that says what it does, to be killed. */
#pragma once
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
	pid_t pid;
	FILE *out; /* what it prints; the caller closes it */
} child;

/* arguments: argv of the child, the last one NULL. */
static inline child child_start(const char *const *arguments)
{
	int ends[2];
	child c;
	g_assert_cmpint(pipe(ends), ==, 0);
	c.pid = fork();
	g_assert_cmpint(c.pid, >=, 0);
	if (c.pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execv("/proc/self/exe", (char *const *)arguments);
		_exit(127);
	}
	close(ends[1]);
	c.out = fdopen(ends[0], "r");
	return c;
}
