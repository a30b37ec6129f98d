/* Colours for one band. viridis, magma, inferno and cividis are matplotlib's (_cm_listed.py, CC0: "To the extent
 * possible under law, the persons who associated CC0 with mpl-colormaps have waived all copyright"), as 33 of their 256
 * colours with straight lines between them, off by 6 of 255 at most; the others are our own. */
#include "render/raster/raster-private.h"
#include <string.h>

static const uint32_t VIRIDIS[] = {
	0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453681, 0x424086, 0x3f4989, 0x3b528b, 0x375a8d, 0x33638d,
	0x2f6a8e, 0x2c728e, 0x297a8e, 0x26818e, 0x23898e, 0x21908c, 0x1f988b, 0x1f9f88, 0x21a685, 0x28ae80, 0x31b57b,
	0x3ebc74, 0x4cc26c, 0x5dc963, 0x6ece58, 0x82d34c, 0x96d83f, 0xabdc32, 0xc0df24, 0xd5e21a, 0xeae51a, 0xfde725,
};
static const uint32_t MAGMA[] = {
	0x000004, 0x030311, 0x0a0822, 0x130d33, 0x1d1146, 0x28115a, 0x36106a, 0x430f76, 0x50127c, 0x5d177f, 0x691c81,
	0x762181, 0x822681, 0x8f2a81, 0x9c2e7f, 0xa9327d, 0xb63779, 0xc33b75, 0xcf4170, 0xdb486a, 0xe65163, 0xee5c5e,
	0xf5695c, 0xf9785d, 0xfb8761, 0xfd9668, 0xfea571, 0xfeb47b, 0xfec387, 0xfed194, 0xfde0a2, 0xfceeb0, 0xfcfdbf,
};
static const uint32_t INFERNO[] = {
	0x000004, 0x040312, 0x0b0724, 0x150b37, 0x210c4a, 0x2e0a5a, 0x3c0965, 0x4a0c6b, 0x57106d, 0x63146e, 0x70196e,
	0x7d1e6d, 0x89226a, 0x962766, 0xa32b61, 0xaf315c, 0xbb3755, 0xc63e4d, 0xd14644, 0xdb4f3b, 0xe35932, 0xeb6528,
	0xf1711e, 0xf67f14, 0xf98d0a, 0xfb9c06, 0xfcab0f, 0xfbba1f, 0xf9ca32, 0xf5d949, 0xf2e865, 0xf3f586, 0xfcffa4,
};
static const uint32_t CIVIDIS[] = {
	0x00224e, 0x00285b, 0x002e6a, 0x043371, 0x1a386f, 0x273e6e, 0x32436d, 0x3b496c, 0x434e6c, 0x4b546c, 0x52596d,
	0x5a5f6e, 0x61656f, 0x686a71, 0x6f7073, 0x757676, 0x7c7b78, 0x848179, 0x8b8778, 0x938d78, 0x9b9376, 0xa39a75,
	0xaba072, 0xb3a670, 0xbbad6c, 0xc3b469, 0xccba64, 0xd4c15f, 0xddc958, 0xe6d051, 0xefd748, 0xf8df3c, 0xfee838,
};
static const uint32_t GRAY[] = {0x000000, 0xffffff};
static const uint32_t INVERTED[] = {0xffffff, 0x000000};
/* Water, lowland, hills, rock, snow. */
static const uint32_t TERRAIN[] = {0x1d3f7a, 0x3f7fbf, 0x9fc9d6, 0x3f8f4f, 0x86b35a,
                                   0xd8cf8a, 0xb08a56, 0x7d5a44, 0xa39a95, 0xffffff};
/* Blue, white in the middle, red: for differences and indices around 0. */
static const uint32_t DIVERGING[] = {0x2b4c9b, 0x6f93cf, 0xb9cde8, 0xf5f5f2, 0xf1bfa6, 0xd97a5c, 0xa32036};
/* Bare ground to dense green. */
static const uint32_t VEGETATION[] = {0x8c5a2b, 0xc79b5c, 0xeadfb4, 0xb5d17c, 0x5fa341, 0x1f6b2a, 0x0b3d17};

static const struct {
	const char *name;
	const uint32_t *anchors; /* 0xrrggbb, evenly spaced */
	int n;
} RAMPS[] = {
	{"gray", GRAY, G_N_ELEMENTS(GRAY)},
	{"inverted", INVERTED, G_N_ELEMENTS(INVERTED)},
	{"viridis", VIRIDIS, G_N_ELEMENTS(VIRIDIS)},
	{"magma", MAGMA, G_N_ELEMENTS(MAGMA)},
	{"inferno", INFERNO, G_N_ELEMENTS(INFERNO)},
	{"cividis", CIVIDIS, G_N_ELEMENTS(CIVIDIS)},
	{"terrain", TERRAIN, G_N_ELEMENTS(TERRAIN)},
	{"vegetation", VEGETATION, G_N_ELEMENTS(VEGETATION)},
	{"diverging", DIVERGING, G_N_ELEMENTS(DIVERGING)},
};

const char *raster_ramp_name(int ramp)
{
	return ramp >= 0 && ramp < (int)G_N_ELEMENTS(RAMPS) ? RAMPS[ramp].name : NULL;
}

int raster_ramp_find(const char *name)
{
	for (int i = 0; i < (int)G_N_ELEMENTS(RAMPS); i++)
		if (name && strcmp(RAMPS[i].name, name) == 0)
			return i;
	return -1;
}

static void fill(const uint32_t *anchors, int n, uint8_t (*out)[3])
{
	for (int i = 0; i < 256; i++) {
		const double at = i / 255.0 * (n - 1);
		const int k = MIN((int)at, n - 2);
		for (int c = 0; c < 3; c++) {
			const int shift = 16 - 8 * c;
			const double a = anchors[k] >> shift & 0xff, b = anchors[k + 1] >> shift & 0xff;
			out[i][c] = (uint8_t)(a + (b - a) * (at - k) + 0.5);
		}
	}
}

const uint8_t (*raster_ramp_colors(int ramp))[3]
{
	static uint8_t tables[G_N_ELEMENTS(RAMPS)][256][3];
	static gsize once = 0;
	if (g_once_init_enter(&once)) {
		for (size_t i = 0; i < G_N_ELEMENTS(RAMPS); i++)
			fill(RAMPS[i].anchors, RAMPS[i].n, tables[i]);
		g_once_init_leave(&once, 1);
	}
	return (const uint8_t(*)[3])tables[CLAMP(ramp, 0, (int)G_N_ELEMENTS(RAMPS) - 1)];
}
