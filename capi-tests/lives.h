/* For programs that start and end the interpreter 200 times: what the second hundred takes. */
#include <stdio.h>

/* In KiB, without pages of files: code that runs for the first time is no leak. */
static long resident(void)
{
    long size = 0, pages = 0, of_files = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld %ld", &size, &pages, &of_files) != 3) {
        pages = -1;
    }
    if (file) {
        fclose(file);
    }
    return (pages - of_files) * 4;
}

/* Whether that is more than it was after the first hundred. The allocator of C may still be settling: less than half a page for each
   round is none. */
static int has_grown(long halfway)
{
    long grown = resident() - halfway;
    if (grown > 200) {
        printf("grew by %ld KiB\n", grown);
    }
    return grown > 200;
}
