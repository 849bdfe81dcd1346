/* SPDX-License-Identifier: BSD-2-Clause */
/* Places guessed from the names of routers. */
#include "address/name_hint.h"

#include "tap.h"

static const struct {
    const char *name, *want; /* the city, or "none" */
} rows[] = {
    /* as carriers write them */
    {"ae-1.r20.frnkge13.de.bb.gin.ntt.net", "Frankfurt"},
    {"ae-1.r20.frankfrt01.de.bb.gin.ntt.net", "Frankfurt"},
    {"be2345.ccr41.fra03.atlas.cogentco.com", "Frankfurt"},
    {"ae-12.edge4.Frankfurt1.Level3.net", "Frankfurt"},
    {"ae1.3.edge1.NewYork6.level3.net", "New York"},
    {"fra1-core1.example.net", "Frankfurt"},
    {"FRA1-CORE1.EXAMPLE.NET", "Frankfurt"},
    {"lon-b1.ip.twelve99.net", "London"},
    {"ldn-bb1-link.ip.twelve99.net", "London"},
    {"ae-2.r25.asbnva02.us.bb.gin.ntt.net", "Ashburn"},
    {"if-ae-12-2.tcore2.av2-amsterdam.as6453.net", "Amsterdam"},
    {"100ge1-2.core1.par2.he.net", "Paris"},
    {"ae0.mpr1.lhr15.uk.zip.zayo.com", "London"},
    {"be-33651-cr01.sunnyvale.ca.ibone.comcast.net", "Sunnyvale"},
    {"xe-0-0-0.gw1.syd2.example.net.au", "Sydney"},
    {"ix-ae-6-0.tcore1.n75-new-york.as6453.net", "New York"},
    {"if-ae-7-2.tcore2.sv1-santa-clara.as6453.net", "Santa Clara"},
    {"palo-b24-link.ip.twelve99.net", "Palo Alto"},
    {"ae3.3.bar4.Toronto1.net.lumen.tech", "Toronto"},
    {"ae5-6.RT.IRX.FKT.DE.retn.net", "Frankfurt"},
    {"115.114.89.213.static-Mumbai.vsnl.net.in", "Mumbai"},
    {"google-ic-345384-fra5-b9.ip.twelve99.net", "Frankfurt"},
    {"core1.new-york.example.net", "New York"},
    {"core1.palo-alto2.example.net", "Palo Alto"},
    {"fra-frankfurt1.example.net", "Frankfurt"},
    {"sto_core.example.net.", "Stockholm"},

    /* no place in them */
    {"", "none"},
    {"fra", "none"},
    {"fra.net", "none"},
    {"fra.example.net", "Frankfurt"},
    {"www.fra.net", "none"},
    {"r1.fra.co.uk", "none"},
    {"r1.fra.de-cix.uk", "Frankfurt"},
    {"r1.london.com", "none"},
    {"r1.london.com.", "none"},
    {"frankly.example.net", "none"},
    {"xfra1.example.net", "none"},
    {"infra1.example.net", "none"},
    {"border1.example.net", "none"},
    {"uwbr-ads-1.infra.washington.edu", "none"},
    {"172-11-154-1.lightspeed.tpkaks.sbcglobal.net", "none"},
    {"static-82-103-1-2.customer.example.dk", "none"},
    {"r1.example.net", "none"},
    {"...", "none"},
    {"-.-.-.-", "none"},

    /* words that are codes of airports too */
    {"gig0-1.net1.rtr.example.net", "none"},
    {"tun0.pos1.eth2.lan.wan.bar.man.example.net", "none"},
    {"acc1.tor2.san3.sat4.lin5.win6.was7.adm8.example.net", "none"},
    {"bts1.ist.otp.mba.add.acc.aus.ind.example.net", "none"},
    {"str1.tls.del.can.for.per.los.nap.doh.example.net", "none"},

    /* of more than one place */
    {"las1.example.net", "none"},
    {"las-vegas1.example.net", "Las Vegas"},
    {"den-haag1.example.net", "The Hague"},
    {"fra1-lon2.example.net", "none"},
    {"fra1-lon2-fra3.example.net", "none"},
    {"mia2-sp-par-pac.bkb.rnp.br", "none"},
    {"to-london.ams1.example.net", "none"},
    {"ams1.amsterdam.ams2.example.net", "Amsterdam"},

    /* bytes of no host name */
    {"fra\xff\xc3.\x01.example.net", "Frankfurt"},
    {"\xc3\xa9.example.net", "none"},
};

static void test_names(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address_place place = {.city = "none"};
        bool found = name_hint_place(rows[i].name, &place);
        is_text(place.city, rows[i].want, "%s", rows[i].name);
        is_num(found, strcmp(rows[i].want, "none") != 0, "and says so");
    }
}

static void test_place(void)
{
    struct address_place place = {0};
    ok(name_hint_place("r1.gru2.example.net", &place), "a city south of the equator");
    is_text(place.city, "Sao Paulo", "its name");
    is_text(place.country, "BR", "its country");
    ok(place.has_position, "it has a position");
    is_num(place.latitude, -23, "its latitude");
    is_num(place.longitude, -46, "its longitude");
}

/* A name longer than any is cut, not followed. */
static void test_long(void)
{
    char name[4096];
    struct address_place place;
    memset(name, 'a', sizeof name);
    memcpy(name, "fra1.", 5);
    memcpy(name + sizeof name - 13, ".example.net", 13);
    ok(!name_hint_place(name, &place), "too long a name");
    for (size_t i = 0; i + 1 < sizeof name; i++)
        name[i] = i % 2 ? '-' : 'a';
    ok(!name_hint_place(name, &place), "too many words");
}

int main(void)
{
    test_names();
    test_place();
    test_long();
    return tap_done();
}
