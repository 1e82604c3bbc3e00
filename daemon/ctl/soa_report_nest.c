/*
 * Which groups are in which, drawn: groups that hang together are a figure of their own, with the
 * parents above the groups in them. A level that is too wide for the page goes on in another line.
 */
#include "base/err.h"
#include "html.h"
#include "print.h"
#include "soa_report.h"

#define GROUPS_MAX 400 /* that are drawn at all */
#define FIGURE_MAX 100 /* in one figure */
#define BOX_WIDTH 170
#define BOX_HEIGHT 38
#define GAP_X 20
#define GAP_Y 46
#define IN_LINE 5
#define NAME_CHARS 20

struct box {
	bool drawn;
	unsigned family; /* the first group of those that hang together */
	unsigned figure; /* number of the figure that it is in; 0: none yet */
	unsigned x, y;   /* place in the grid */
};

struct drawing {
	const json_t *objects, *nesting;
	struct box *boxes;
	unsigned n, figures;
};

static unsigned root_of(struct drawing *d, unsigned i)
{
	while (d->boxes[i].family != i)
		i = d->boxes[i].family = d->boxes[d->boxes[i].family].family;
	return i;
}

static bool edge(const struct drawing *d, size_t i, unsigned *ret_group, unsigned *ret_member)
{
	const json_t *pair = json_array_get(d->nesting, i);
	json_int_t g = json_integer_value(json_array_get(pair, 0));
	json_int_t m = json_integer_value(json_array_get(pair, 1));

	if (g < 0 || m < 0 || g >= d->n || m >= d->n)
		return false;
	*ret_group = (unsigned)g;
	*ret_member = (unsigned)m;
	return true;
}

/* Who hangs together. */
static void join(struct drawing *d)
{
	unsigned g, m;

	for (unsigned i = 0; i < d->n; i++)
		d->boxes[i].family = i;
	for (size_t i = 0; i < json_array_size(d->nesting); i++) {
		if (!edge(d, i, &g, &m))
			continue;
		d->boxes[g].drawn = d->boxes[m].drawn = true;
		g = root_of(d, g);
		m = root_of(d, m);
		d->boxes[MAX(g, m)].family = MIN(g, m);
	}
}

static json_int_t level_of(const struct drawing *d, unsigned i)
{
	return json_integer_value(json_object_get(json_array_get(d->objects, i), "level"));
}

/*
 * Places for the members of a family, from the last of the plan to the first: the highest level is
 * on top. Returns the number of lines.
 */
static unsigned place(struct drawing *d, const unsigned *members, unsigned n)
{
	unsigned x = 0, y = 0;

	for (unsigned i = n; i-- > 0;) {
		if (i + 1 < n &&
			(x == IN_LINE || level_of(d, members[i]) != level_of(d, members[i + 1]))) {
			x = 0;
			y++;
		}
		d->boxes[members[i]].x = x++;
		d->boxes[members[i]].y = y;
	}
	return y + 1;
}

static unsigned left(const struct box *box)
{
	return 4 + box->x * (BOX_WIDTH + GAP_X);
}

static unsigned top(const struct box *box)
{
	return 4 + box->y * (BOX_HEIGHT + GAP_Y);
}

static void draw_edge(struct buf *b, const struct box *group, const struct box *member)
{
	unsigned x1 = left(group) + BOX_WIDTH / 2, y1 = top(group) + BOX_HEIGHT;
	unsigned x2 = left(member) + BOX_WIDTH / 2, y2 = top(member);
	bool up = member->y <= group->y;

	if (up) /* beside it, or in a circle: from below to below */
		y2 += BOX_HEIGHT;
	buf_addf(b, "<path class=\"edge\" d=\"M%u %u C%u %u %u %u %u %u\"/>\n", x1, y1, x1,
		y1 + GAP_Y / 2 + 10, x2, up ? y2 + GAP_Y / 2 + 10 : y2 - GAP_Y / 2 - 10, x2, y2);
}

static void draw_box(struct buf *b, const struct drawing *d, unsigned i)
{
	const json_t *o = json_array_get(d->objects, i);
	const struct box *box = &d->boxes[i];
	bool circle = json_integer_value(json_object_get(o, "cycle")) > 0;

	buf_addf(b, "<g class=\"box %s%s\"><title>", soa_readiness(o), circle ? " circle" : "");
	html_text(b, text_of(o, "dn"));
	buf_addf(b,
		"</title><rect x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\" rx=\"5\"/>"
		"<text x=\"%u\" y=\"%u\" class=\"name\">",
		left(box), top(box), BOX_WIDTH, BOX_HEIGHT, left(box) + 8, top(box) + 16);
	html_short(b, *text_of(o, "name") ? text_of(o, "name") : text_of(o, "dn"), NAME_CHARS);
	buf_addf(b, "</text><text x=\"%u\" y=\"%u\">wave %lld, %s%s</text></g>\n", left(box) + 8,
		top(box) + 31, soa_wave_of(o), soa_readiness(o), circle ? ", in a circle" : "");
}

static void draw_family(
	struct buf *b, struct drawing *d, const unsigned *members, unsigned n, unsigned all)
{
	unsigned lines = place(d, members, n), figure = ++d->figures, g, m;

	buf_addf(b,
		"<figure class=\"nesting\"><svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" "
		"aria-label=\"Groups in groups\" font-size=\"11\">\n",
		8 + IN_LINE * (BOX_WIDTH + GAP_X), 8 + (int)lines * (BOX_HEIGHT + GAP_Y),
		8 + IN_LINE * (BOX_WIDTH + GAP_X));
	for (unsigned i = 0; i < n; i++)
		d->boxes[members[i]].figure = figure;
	for (size_t i = 0; i < json_array_size(d->nesting); i++)
		if (edge(d, i, &g, &m) && d->boxes[g].figure == figure &&
			d->boxes[m].figure == figure)
			draw_edge(b, &d->boxes[g], &d->boxes[m]);
	for (unsigned i = 0; i < n; i++)
		draw_box(b, d, members[i]);
	buf_adds(b, "</svg>");
	if (all > n)
		buf_addf(b, "<figcaption>%u more groups hang together with these.</figcaption>",
			all - n);
	buf_adds(b, "</figure>\n");
}

/* A figure for each family, in the order of the plan. Returns the number of groups in them. */
static unsigned draw_all(struct buf *b, struct drawing *d)
{
	unsigned members[FIGURE_MAX], drawn = 0;

	for (unsigned first = 0; first < d->n && drawn < GROUPS_MAX; first++) {
		unsigned n = 0, all = 0;

		if (!d->boxes[first].drawn || root_of(d, first) != first)
			continue;
		for (unsigned i = first; i < d->n; i++)
			if (d->boxes[i].drawn && root_of(d, i) == first && ++all <= FIGURE_MAX)
				members[n++] = i;
		draw_family(b, d, members, n, all);
		drawn += all;
	}
	return drawn;
}

void soa_svg_nesting(struct buf *b, const json_t *plan)
{
	struct drawing d = {
		json_object_get(plan, "objects"), json_object_get(plan, "nesting"), NULL, 0, 0};
	unsigned nested = 0, drawn;

	d.n = (unsigned)json_array_size(d.objects);
	d.boxes = xcalloc((size_t)d.n + 1, sizeof(*d.boxes));
	join(&d);
	for (unsigned i = 0; i < d.n; i++)
		nested += d.boxes[i].drawn;
	if (!nested)
		buf_adds(b, "<p>No group of the plan is in another one.</p>\n");
	drawn = draw_all(b, &d);
	if (drawn < nested)
		buf_addf(
			b, "<p>%u more groups are in others, and not drawn.</p>\n", nested - drawn);
	free(d.boxes);
}
