/* SPDX-License-Identifier: BSD-2-Clause */
/* What WHOIS answers say, in the layout of each registry; addresses and names are made up. */
#include "address/whois_text.h"

#include <stdlib.h>

#include "tap.h"

static struct addr address_of(const char *text)
{
    struct addr address = {0};
    addr_parse(text, &address);
    return address;
}

static const char ripe[] = "% This is the RIPE Database query service.\n"
                           "% The objects are in RPSL format.\n"
                           "\n"
                           "% Information related to '192.0.2.0 - 192.0.2.255'\n"
                           "\n"
                           "inetnum:        192.0.2.0 - 192.0.2.255\n"
                           "netname:        EXAMPLE-NET\n"
                           "descr:          somewhere\n"
                           "country:        nl # mostly\n"
                           "org:            ORG-EX2-RIPE\n"
                           "admin-c:        EX1-RIPE\n"
                           "source:         RIPE\n"
                           "\n"
                           "organisation:   ORG-EX1-RIPE\n"
                           "org-name:       Somebody Else\n"
                           "\n"
                           "organisation:   org-ex2-ripe\n"
                           "org-name:       Example\n"
                           "                Networks\n"
                           "+               B.V.\n"
                           "country:        DE\n"
                           "\n"
                           "% Information related to '192.0.2.0/24AS64500'\n"
                           "\n"
                           "route:          192.0.2.0/24\n"
                           "descr:          Route of Example\n";

static const char arin[] = "#\n"
                           "# ARIN WHOIS data and services are subject to the Terms of Use\n"
                           "#\n"
                           "\n"
                           "# start\n"
                           "\n"
                           "NetRange:       198.51.0.0 - 198.51.255.255\n"
                           "CIDR:           198.51.0.0/16\n"
                           "NetName:        PARENT-16\n"
                           "Organization:   Parent Carrier, Inc. (PARENT)\n"
                           "\n"
                           "OrgName:        Parent Carrier, Inc.\n"
                           "Country:        CA\n"
                           "\n"
                           "ReferralServer:  whois://whois.parent.example\n"
                           "\n"
                           "# end\n"
                           "# start\n"
                           "\n"
                           "NetRange:       198.51.100.0 - 198.51.100.255\n"
                           "CIDR:           198.51.100.0/24\n"
                           "NetName:        CUSTOMER-24\n"
                           "Organization:   Example Hosting (of Ohio) (EXAMP-7)\n"
                           "\n"
                           "OrgName:        Example Hosting (of Ohio)\n"
                           "Country:        US\n"
                           "\n"
                           "ReferralServer:  rwhois://rwhois.example.net:4321/\n"
                           "\n"
                           "# end\n";

static const char iana[] = "% IANA WHOIS server\n"
                           "% This query returned 1 object\n"
                           "\n"
                           "refer:        whois.RIPE.net\n"
                           "\n"
                           "inetnum:      193.0.0.0 - 193.255.255.255\n"
                           "organisation: RIPE NCC\n"
                           "status:       ALLOCATED\n"
                           "\n"
                           "whois:        whois.ripe.net\n";

static const struct row {
    const char *name, *address, *answer;
    enum whoistext_result result;
    const char *netname, *organisation, *country, *referral;
    uint16_t port;
} rows[] = {
    {"RIPE NCC", "192.0.2.7", ripe, WHOISTEXT_FOUND, "EXAMPLE-NET", "Example Networks B.V.", "NL", "", 0},
    {"the smallest of ARIN's networks", "198.51.100.9", arin, WHOISTEXT_FOUND, "CUSTOMER-24",
     "Example Hosting (of Ohio)", "US", "", 0},
    {"the only one that holds it", "198.51.7.1", arin, WHOISTEXT_REFERRAL, "PARENT-16", "Parent Carrier, Inc.", "CA",
     "whois.parent.example", 43},
    {"IANA refers", "193.0.0.1", iana, WHOISTEXT_REFERRAL, "", "", "", "whois.ripe.net", 43},
    {"IANA has it", "10.1.2.3",
     "inetnum: 10.0.0.0 - 10.255.255.255\norganisation: IANA - Private Use\nstatus: RESERVED\n", WHOISTEXT_FOUND, "",
     "IANA - Private Use", "", "", 0},
    {"APNIC, IPv6, CR LF, no organisation object", "2001:db8:7::1",
     "inet6num:       2001:db8::/32\r\nnetname:        EXAMPLE-AP\r\ndescr:          Example Telecom\r\ndescr:         "
     " 2 Some Street\r\ncountry:        AU\r\norg:            ORG-GONE-AP\r\n",
     WHOISTEXT_FOUND, "EXAMPLE-AP", "Example Telecom", "AU", "", 0},
    {"LACNIC, shortened", "203.0.113.200",
     "inetnum:     203.0.113/24\nstatus:      allocated\nowner:       Ejemplo S.A.\nownerid:     XX-1\ncountry:     "
     "UY\n"
     "\nnic-hdl:     AAA\nperson:      P\ncountry:     BR\n",
     WHOISTEXT_FOUND, "", "Ejemplo S.A.", "UY", "", 0},
    {"registro.br in ISO 8859-1", "203.0.113.1",
     "inetnum:     203.0.113.0/24\nowner:       N\xfa"
     "cleo\ncountry:     BR\n",
     WHOISTEXT_FOUND, "",
     "N\xfa"
     "cleo",
     "BR", "", 0},
    {"ARIN's customer", "192.0.2.1",
     "NetRange: 192.0.2.0 - 192.0.2.15\nNetName: C-28\nCustomer: Some Shop (C01234567)\n\nCustName: Some "
     "Shop\nCountry: US\n",
     WHOISTEXT_FOUND, "C-28", "Some Shop", "US", "", 0},
    {"the next network's holder and referral are not this one's", "192.0.2.1",
     "NetRange: 192.0.2.0 - 192.0.2.15\nNetName: SMALL\n\nNetRange: 192.0.2.0 - 192.0.2.255\nNetName: LARGE\n\n"
     "OrgName: Large\nCountry: US\n\nReferralServer: whois://w.example\n",
     WHOISTEXT_FOUND, "SMALL", "", "", "", 0},
    {"ARIN's network alone", "192.0.2.1",
     "netrange: 192.0.2.0 - 192.0.2.15\nNETNAME: C-28\nOrganization: Example, Inc. (EX-1)\n", WHOISTEXT_FOUND, "C-28",
     "Example, Inc.", "", "", 0},
    {"ARIN refers to a port", "192.0.2.1",
     "NetRange: 192.0.2.0 - 192.0.2.255\nNetName: R\n\nOrgName: Registry\n\nReferralServer: whois://w.example:4343/\n",
     WHOISTEXT_REFERRAL, "R", "Registry", "", "w.example", 4343},
    {"JPNIC", "192.0.2.1",
     "[ JPNIC database provides information regarding IP address and ASN. ]\n\nNetwork Information:\na. [Network "
     "Number]  "
     "           192.0.2.0/24\nb. [Network Name]               EXAMPLE-JP\ng. [Organization]               Example "
     "K.K.\nm. [Administrative Contact]     EX1JP\n",
     WHOISTEXT_FOUND, "EXAMPLE-JP", "Example K.K.", "", "", 0},
    {"KRNIC", "192.0.2.130",
     "# ENGLISH\n\n[ Network Information ]\nIPv4 Address       : 192.0.2.0 - 192.0.2.255 (/24)\nOrganization Name  : "
     "Example Telecom\nService Name       : EXNET\nAddress            : Seoul\n\nName               : IP "
     "Manager\n\n----------\n\n[ Network Information ]\nIPv4 Address       : 192.0.2.128 - 192.0.2.159 "
     "(/27)\nOrganization Name  : Example Power\nNetwork Type       : CUSTOMER\n",
     WHOISTEXT_FOUND, "", "Example Power", "", "", 0},
    {"no match", "192.0.2.1", "%ERROR:101: no entries found\n%\n% No entries found in source RIPE.\n", WHOISTEXT_NONE,
     "", "", "", "", 0},
    {"nothing", "192.0.2.1", "", WHOISTEXT_NONE, "", "", "", "", 0},
    {"another network", "192.0.2.1", "inetnum: 203.0.113.0 - 203.0.113.255\nnetname: OTHER\n", WHOISTEXT_NONE, "", "",
     "", "", 0},
    {"the whole address space", "192.0.2.1", "inetnum: 0.0.0.0 - 255.255.255.255\nnetname: IANA-BLK\n", WHOISTEXT_NONE,
     "", "", "", "", 0},
    {"a stand-in", "192.0.2.1",
     "inetnum: 192.0.0.0 - 192.255.255.255\nnetname: NON-RIPE-NCC-MANAGED-ADDRESS-BLOCK\ncountry: EU\n", WHOISTEXT_NONE,
     "", "", "", "", 0},
    {"commented out", "192.0.2.1", "% inetnum: 192.0.2.0 - 192.0.2.255\n# netname: X\n", WHOISTEXT_NONE, "", "", "", "",
     0},
    {"a country that is none", "192.0.2.1", "inetnum: 192.0.2.0/24\ncountry: Norway\nnetname: N\n", WHOISTEXT_FOUND,
     "N", "", "", "", 0},
    {"RIPE NCC refuses", "192.0.2.1", "%ERROR:201: access denied for 203.0.113.5\n%\n% Sorry\n", WHOISTEXT_REFUSED, "",
     "", "", "", 0},
    {"LACNIC refuses", "192.0.2.1", "\n% Copyright LACNIC\n\n% Query rate limit exceeded\n", WHOISTEXT_REFUSED, "", "",
     "", "", 0},
    {"an answer beside a warning is an answer", "192.0.2.1",
     "% Query rate limit exceeded. Reduced information.\n\ninetnum: 192.0.2.0/24\nowner: O\n", WHOISTEXT_FOUND, "", "O",
     "", "", 0},
    {"a referral to no host", "192.0.2.1", "refer: not a host\n", WHOISTEXT_NONE, "", "", "", "", 0},
};

static void test_layouts(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct addr address = address_of(row->address);
        struct whoistext text;
        whoistext_read(row->answer, strlen(row->answer), &address, &text);
        is_num(text.result, row->result, "%s: result", row->name);
        is_text(text.whois.netname, row->netname, "%s: network", row->name);
        is_text(text.whois.organisation, row->organisation, "%s: organisation", row->name);
        is_text(text.whois.country, row->country, "%s: country", row->name);
        is_text(text.referral.host, row->referral, "%s: referral", row->name);
        is_num(text.referral.port, row->port, "%s: port", row->name);
    }
}

/* Each cut is read from memory of its own, so that the address sanitizer sees a step too far; and a word that is cut is
 * no other word. */
static void test_cuts(const char *name, const char *answer, const char *at, const char *const netnames[3])
{
    struct addr address = address_of(at);
    size_t length = strlen(answer);
    unsigned wrong = 0;
    for (size_t cut = 0; cut <= length; cut++) {
        char *bytes = malloc(cut + 1);
        struct whoistext text;
        memcpy(bytes, answer, cut);
        whoistext_read(bytes, cut, &address, &text);
        unsigned known = 0;
        for (unsigned i = 0; i < 3; i++)
            known += netnames[i] && strcmp(text.whois.netname, netnames[i]) == 0;
        wrong += known != 1;
        free(bytes);
    }
    is_num(wrong, 0, "%s, cut anywhere", name);
}

static void test_range(void)
{
    struct addr address = address_of("198.51.100.9"), first = address_of("198.51.100.0"),
                last = address_of("198.51.100.255");
    struct whoistext text;
    whoistext_read(arin, strlen(arin), &address, &text);
    ok(addr_equal(&text.range.first, &first) && addr_equal(&text.range.last, &last),
       "the range of the smallest network");
    address = address_of("2001:db8::1");
    whoistext_read(arin, strlen(arin), &address, &text);
    ok(text.range.first.family == 0, "none where none is known");
}

static void test_bounds(void)
{
    static const char start[] = "inetnum: 192.0.2.0/24\n", end[] = "\nnetname: LATE\n";
    struct addr address = address_of("192.0.2.1");
    struct whoistext text;
    size_t length = WHOISTEXT_BYTES + 1000;
    char *bytes = malloc(length);
    memset(bytes, 'x', length);
    memcpy(bytes, start, strlen(start));
    memcpy(bytes + WHOISTEXT_BYTES - 12, end, strlen(end));
    whoistext_read(bytes, length, &address, &text);
    is_num(text.result, WHOISTEXT_FOUND, "the start of a long answer counts");
    is_text(text.whois.netname, "", "a line that the limit cuts does not");
    memset(bytes, 'x', length);
    whoistext_read(bytes, length, &address, &text);
    is_num(text.result, WHOISTEXT_NONE, "one line of any length is none");
    free(bytes);
}

static void test_foreign_bytes(void)
{
    static const char answer[] = "inetnum: 192.0.2.0/24\nnetname: A\033[31mB\x80\nowner: C\0D\ncountry: D\0\n";
    struct addr address = address_of("192.0.2.1");
    struct whoistext text;
    whoistext_read(answer, sizeof answer - 1, &address, &text);
    is_text(text.whois.netname, "A\033[31mB\x80", "bytes stay as they are");
    is_text(text.whois.organisation, "C", "a text ends at a NUL");
    is_text(text.whois.country, "", "a NUL is no letter");
    char longer[200] = "inetnum: 192.0.2.0/24\nnetname: ";
    for (unsigned i = 0; i < 50; i++)
        strcat(longer, "\xe2\x82\xac");
    strcat(longer, "\n");
    whoistext_read(longer, strlen(longer), &address, &text);
    is_num(strlen(text.whois.netname), 78, "a long text is cut between characters");
}

int main(void)
{
    test_layouts();
    test_cuts("RIPE NCC's answer", ripe, "192.0.2.7", (const char *const[3]){"", "EXAMPLE-NET"});
    test_cuts("ARIN's answer", arin, "198.51.100.9", (const char *const[3]){"", "PARENT-16", "CUSTOMER-24"});
    test_cuts("IANA's answer", iana, "193.0.0.1", (const char *const[3]){""});
    test_range();
    test_bounds();
    test_foreign_bytes();
    return tap_done();
}
