#include <config.h>

#include "base/err.h"

int main(void)
{
	return ERR_SOFTWARE;
}
