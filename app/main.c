/* Entry: a sub-command runs without a display; anything else opens the window. */
#include <locale.h>

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	setlocale(LC_ALL, "");
	return 0;
}
