/* SPDX-License-Identifier: BSD-2-Clause */
#include "address/name_hint.h"

#define WORD_BYTES 24 /* bytes of the longest word that can stand for a city, with the NUL */

struct city {
    const char *name, *country;
    double latitude, longitude; /* degrees; position of the centre, to a hundredth */
    const char *words;          /* words for the city in router names, separated by blanks */
};

/* Words are the IATA codes of the city and its airports, codes of large carriers, and the city's name. Codes with
 * another meaning in names of routers and hosts are left out: acc, add, adm, ant, aus, bar, bts, can, cmn, dac, del,
 * doh, esb, for, gig, ind, ist, lan, lil, lin, los, man, mba, mci, nap, otp, per, pos, san, sat, str, tls, tor, trn,
 * tun, wan, war, was, win. A word with two cities stands for neither: "las" is Las Vegas to most carriers, Los
 * Angeles to one. */
/* clang-format off */
static const struct city cities[] = {
    {"Amsterdam", "NL", 52.37, 4.90, "ams amsterdam amstnl"},
    {"Rotterdam", "NL", 51.92, 4.48, "rtm rotterdam"},
    {"The Hague", "NL", 52.08, 4.31, "thehague denhaag"},
    {"Eindhoven", "NL", 51.44, 5.48, "eindhoven"},
    {"Brussels", "BE", 50.85, 4.35, "bru brussels brslbe"},
    {"Antwerp", "BE", 51.22, 4.40, "antwerp antwerpen"},
    {"Luxembourg", "LU", 49.61, 6.13, "lux luxembourg"},
    {"London", "GB", 51.51, -0.13, "lon lhr lgw lcy ldn london londen"},
    {"Slough", "GB", 51.51, -0.59, "slough"},
    {"Manchester", "GB", 53.48, -2.24, "manchester"},
    {"Edinburgh", "GB", 55.95, -3.19, "edi edinburgh"},
    {"Glasgow", "GB", 55.86, -4.25, "gla glasgow"},
    {"Leeds", "GB", 53.80, -1.55, "lba leeds"},
    {"Bristol", "GB", 51.45, -2.59, "brs bristol"},
    {"Dublin", "IE", 53.35, -6.26, "dub dublin"},
    {"Paris", "FR", 48.86, 2.35, "par cdg ory prs paris parsfr"},
    {"Marseille", "FR", 43.30, 5.37, "mrs mei marseille marseilles"},
    {"Lyon", "FR", 45.76, 4.84, "lys lyon"},
    {"Lille", "FR", 50.63, 3.06, "lille"},
    {"Strasbourg", "FR", 48.57, 7.75, "sxb strasbourg"},
    {"Bordeaux", "FR", 44.84, -0.58, "bod bordeaux"},
    {"Toulouse", "FR", 43.60, 1.44, "toulouse"},
    {"Nice", "FR", 43.70, 7.27, "nce"},
    {"Frankfurt", "DE", 50.11, 8.68, "fra ffm fkt frankfurt frankfrt frnkge"},
    {"Berlin", "DE", 52.52, 13.41, "ber txl berlin"},
    {"Hamburg", "DE", 53.55, 9.99, "ham hbg hamburg"},
    {"Munich", "DE", 48.14, 11.58, "muc munich muenchen"},
    {"Dusseldorf", "DE", 51.23, 6.77, "dus dusseldorf duesseldorf"},
    {"Cologne", "DE", 50.94, 6.96, "cgn cologne koeln"},
    {"Stuttgart", "DE", 48.78, 9.18, "stuttgart"},
    {"Nuremberg", "DE", 49.45, 11.08, "nue nbg nuremberg nuernberg"},
    {"Hanover", "DE", 52.37, 9.73, "haj hannover hanover"},
    {"Leipzig", "DE", 51.34, 12.37, "lej leipzig"},
    {"Dresden", "DE", 51.05, 13.74, "drs dresden"},
    {"Bremen", "DE", 53.08, 8.80, "bremen"},
    {"Dortmund", "DE", 51.51, 7.47, "dtm dortmund"},
    {"Vienna", "AT", 48.21, 16.37, "vie vienna wien"},
    {"Salzburg", "AT", 47.80, 13.05, "szg salzburg"},
    {"Graz", "AT", 47.07, 15.44, "grz graz"},
    {"Zurich", "CH", 47.38, 8.54, "zrh zurich zuerich"},
    {"Geneva", "CH", 46.20, 6.14, "gva geneva geneve"},
    {"Basel", "CH", 47.56, 7.59, "bsl basel"},
    {"Milan", "IT", 45.46, 9.19, "mil mxp milan milano"},
    {"Rome", "IT", 41.90, 12.50, "rom fco rome roma"},
    {"Turin", "IT", 45.07, 7.69, "turin torino"},
    {"Palermo", "IT", 38.12, 13.36, "pmo palermo"},
    {"Bologna", "IT", 44.49, 11.34, "blq bologna"},
    {"Madrid", "ES", 40.42, -3.70, "mad madrid mdrdsp"},
    {"Barcelona", "ES", 41.39, 2.17, "bcn barcelona"},
    {"Bilbao", "ES", 43.26, -2.93, "bilbao"},
    {"Lisbon", "PT", 38.72, -9.14, "lis lisbon lisboa"},
    {"Porto", "PT", 41.15, -8.61, "opo"},
    {"Copenhagen", "DK", 55.68, 12.57, "cph kbn copenhagen"},
    {"Aarhus", "DK", 56.16, 10.20, "aar aarhus"},
    {"Stockholm", "SE", 59.33, 18.07, "sto arn stockholm"},
    {"Gothenburg", "SE", 57.71, 11.97, "got gothenburg goteborg"},
    {"Malmo", "SE", 55.60, 13.00, "mma malmo malmoe"},
    {"Oslo", "NO", 59.91, 10.75, "osl oslo"},
    {"Bergen", "NO", 60.39, 5.32, "bgo"},
    {"Helsinki", "FI", 60.17, 24.94, "hel hls helsinki"},
    {"Reykjavik", "IS", 64.15, -21.94, "kef reykjavik"},
    {"Tallinn", "EE", 59.44, 24.75, "tll tln tallinn"},
    {"Riga", "LV", 56.95, 24.11, "rix riga"},
    {"Vilnius", "LT", 54.69, 25.28, "vno vilnius"},
    {"Warsaw", "PL", 52.23, 21.01, "waw warsaw warszawa"},
    {"Krakow", "PL", 50.06, 19.94, "krk krakow"},
    {"Poznan", "PL", 52.41, 16.93, "poz poznan"},
    {"Wroclaw", "PL", 51.11, 17.04, "wro wroclaw"},
    {"Katowice", "PL", 50.26, 19.02, "ktw katowice"},
    {"Gdansk", "PL", 54.35, 18.65, "gdn gdansk"},
    {"Prague", "CZ", 50.08, 14.44, "prg prague praha prag"},
    {"Brno", "CZ", 49.20, 16.61, "brq brno"},
    {"Bratislava", "SK", 48.15, 17.11, "bratislava"},
    {"Budapest", "HU", 47.50, 19.04, "bud bpt budapest"},
    {"Ljubljana", "SI", 46.06, 14.51, "lju ljubljana"},
    {"Zagreb", "HR", 45.81, 15.98, "zag zagreb"},
    {"Belgrade", "RS", 44.79, 20.45, "beg belgrade beograd"},
    {"Bucharest", "RO", 44.43, 26.10, "buh bucharest bucuresti"},
    {"Sofia", "BG", 42.70, 23.32, "sof sofia"},
    {"Athens", "GR", 37.98, 23.73, "ath athens"},
    {"Thessaloniki", "GR", 40.64, 22.94, "skg thessaloniki"},
    {"Istanbul", "TR", 41.01, 28.98, "istanbul"},
    {"Ankara", "TR", 39.93, 32.86, "ankara"},
    {"Kyiv", "UA", 50.45, 30.52, "kbp iev kyiv kiev"},
    {"Chisinau", "MD", 47.01, 28.86, "chisinau"},
    {"Moscow", "RU", 55.76, 37.62, "mow svo dme msk moscow"},
    {"Saint Petersburg", "RU", 59.93, 30.34, "led spb"},
    {"Yekaterinburg", "RU", 56.84, 60.61, "svx ekb"},
    {"Novosibirsk", "RU", 55.01, 82.94, "ovb nsk novosibirsk"},
    {"New York", "US", 40.71, -74.01, "nyc jfk lga nyk newyork nycmny"},
    {"Newark", "US", 40.74, -74.17, "ewr newark nwrknj"},
    {"Ashburn", "US", 39.04, -77.49, "ash ashburn asbnva"},
    {"Washington", "US", 38.91, -77.04, "iad dca wdc washington washdc"},
    {"Boston", "US", 42.36, -71.06, "bos boston bstnma"},
    {"Philadelphia", "US", 39.95, -75.17, "phl philadelphia phlapa"},
    {"Baltimore", "US", 39.29, -76.61, "bwi baltimore"},
    {"Pittsburgh", "US", 40.44, -80.00, "pit pittsburgh"},
    {"Atlanta", "US", 33.75, -84.39, "atl atlanta atlnga"},
    {"Charlotte", "US", 35.23, -80.84, "clt charlotte"},
    {"Raleigh", "US", 35.78, -78.64, "rdu raleigh"},
    {"Nashville", "US", 36.16, -86.78, "bna nashville"},
    {"Miami", "US", 25.76, -80.19, "mia miami miamfl"},
    {"Tampa", "US", 27.95, -82.46, "tpa tampa"},
    {"Orlando", "US", 28.54, -81.38, "mco orlando"},
    {"Jacksonville", "US", 30.33, -81.66, "jax jacksonville"},
    {"Chicago", "US", 41.88, -87.63, "chi ord mdw chicago chcgil"},
    {"Detroit", "US", 42.33, -83.05, "dtw detroit"},
    {"Cleveland", "US", 41.50, -81.69, "cle cleveland"},
    {"Columbus", "US", 39.96, -83.00, "cmh"},
    {"Cincinnati", "US", 39.10, -84.51, "cvg cincinnati"},
    {"Indianapolis", "US", 39.77, -86.16, "indianapolis"},
    {"Milwaukee", "US", 43.04, -87.91, "mke milwaukee"},
    {"Minneapolis", "US", 44.98, -93.27, "msp minneapolis"},
    {"St. Louis", "US", 38.63, -90.20, "stl stlouis"},
    {"Kansas City", "US", 39.10, -94.58, "kanc kansascity"},
    {"Omaha", "US", 41.26, -95.94, "oma omaha"},
    {"Dallas", "US", 32.78, -96.80, "dfw dal dls dallas dllstx"},
    {"Houston", "US", 29.76, -95.37, "hou iah houston hstntx"},
    {"San Antonio", "US", 29.42, -98.49, "sanantonio"},
    {"Austin", "US", 30.27, -97.74, "austin"},
    {"Denver", "US", 39.74, -104.99, "den denver dnvrco"},
    {"Salt Lake City", "US", 40.76, -111.89, "slc saltlakecity"},
    {"Phoenix", "US", 33.45, -112.07, "phx phoenix"},
    {"Las Vegas", "US", 36.17, -115.14, "las lasvegas"},
    {"Los Angeles", "US", 34.05, -118.24, "lax las losangeles lsanca"},
    {"San Diego", "US", 32.72, -117.16, "sandiego"},
    {"San Jose", "US", 37.34, -121.89, "sjc sanjose snjsca"},
    {"Palo Alto", "US", 37.44, -122.14, "pao palo paloalto plalca"},
    {"Santa Clara", "US", 37.35, -121.95, "santaclara"},
    {"Sunnyvale", "US", 37.37, -122.04, "sunnyvale"},
    {"San Francisco", "US", 37.77, -122.42, "sfo sanfrancisco"},
    {"Sacramento", "US", 38.58, -121.49, "smf sacramento"},
    {"Portland", "US", 45.52, -122.68, "pdx"},
    {"Seattle", "US", 47.61, -122.33, "sea seattle sttlwa"},
    {"Honolulu", "US", 21.31, -157.86, "hnl honolulu"},
    {"Anchorage", "US", 61.22, -149.90, "anc anchorage"},
    {"Toronto", "CA", 43.65, -79.38, "yyz toro toronto"},
    {"Montreal", "CA", 45.50, -73.57, "yul mtl motl montreal"},
    {"Ottawa", "CA", 45.42, -75.70, "yow ottawa"},
    {"Vancouver", "CA", 49.28, -123.12, "yvr vancouver"},
    {"Calgary", "CA", 51.05, -114.07, "yyc calgary"},
    {"Edmonton", "CA", 53.55, -113.49, "yeg edmonton"},
    {"Winnipeg", "CA", 49.90, -97.14, "ywg winnipeg"},
    {"Mexico City", "MX", 19.43, -99.13, "mex mexicocity"},
    {"Queretaro", "MX", 20.59, -100.39, "qro queretaro"},
    {"Monterrey", "MX", 25.69, -100.32, "mty monterrey"},
    {"Guadalajara", "MX", 20.67, -103.35, "gdl guadalajara"},
    {"Panama City", "PA", 8.98, -79.52, "pty"},
    {"Bogota", "CO", 4.71, -74.07, "bog bogota"},
    {"Lima", "PE", -12.05, -77.04, "lim lima"},
    {"Quito", "EC", -0.18, -78.47, "uio quito"},
    {"Santiago", "CL", -33.45, -70.67, "scl"},
    {"Buenos Aires", "AR", -34.60, -58.38, "eze bue buenosaires"},
    {"Montevideo", "UY", -34.90, -56.16, "mvd montevideo"},
    {"Sao Paulo", "BR", -23.55, -46.63, "gru saopaulo"},
    {"Rio de Janeiro", "BR", -22.91, -43.17, "rio sdu riodejaneiro"},
    {"Fortaleza", "BR", -3.73, -38.53, "fortaleza"},
    {"Porto Alegre", "BR", -30.03, -51.23, "poa portoalegre"},
    {"Curitiba", "BR", -25.43, -49.27, "cwb curitiba"},
    {"Brasilia", "BR", -15.79, -47.88, "bsb brasilia"},
    {"Tel Aviv", "IL", 32.09, 34.78, "tlv telaviv"},
    {"Dubai", "AE", 25.20, 55.27, "dxb dubai"},
    {"Fujairah", "AE", 25.13, 56.33, "fjr fujairah"},
    {"Abu Dhabi", "AE", 24.45, 54.38, "auh abudhabi"},
    {"Doha", "QA", 25.29, 51.53, "doha"},
    {"Manama", "BH", 26.23, 50.59, "bah manama"},
    {"Kuwait City", "KW", 29.38, 47.98, "kwi"},
    {"Riyadh", "SA", 24.71, 46.68, "ruh riyadh"},
    {"Jeddah", "SA", 21.49, 39.19, "jed jeddah"},
    {"Muscat", "OM", 23.59, 58.41, "mct muscat"},
    {"Amman", "JO", 31.95, 35.93, "amm amman"},
    {"Cairo", "EG", 30.04, 31.24, "cai cairo"},
    {"Casablanca", "MA", 33.57, -7.59, "casablanca"},
    {"Lagos", "NG", 6.52, 3.38, "lagos"},
    {"Nairobi", "KE", -1.29, 36.82, "nbo nairobi"},
    {"Mombasa", "KE", -4.04, 39.67, "mombasa"},
    {"Johannesburg", "ZA", -26.20, 28.05, "jnb johannesburg"},
    {"Cape Town", "ZA", -33.92, 18.42, "cpt capetown"},
    {"Durban", "ZA", -29.86, 31.02, "dur durban"},
    {"Mumbai", "IN", 19.08, 72.88, "bom mumbai"},
    {"Delhi", "IN", 28.61, 77.21, "delhi newdelhi"},
    {"Chennai", "IN", 13.08, 80.27, "maa chennai"},
    {"Bangalore", "IN", 12.97, 77.59, "blr bangalore bengaluru"},
    {"Hyderabad", "IN", 17.39, 78.49, "hyd"},
    {"Kolkata", "IN", 22.57, 88.36, "ccu kolkata"},
    {"Colombo", "LK", 6.93, 79.86, "cmb colombo"},
    {"Karachi", "PK", 24.86, 67.00, "khi karachi"},
    {"Dhaka", "BD", 23.81, 90.41, "dhaka"},
    {"Singapore", "SG", 1.35, 103.82, "sin sng snge singapore sngpsi"},
    {"Kuala Lumpur", "MY", 3.14, 101.69, "kul kualalumpur"},
    {"Jakarta", "ID", -6.21, 106.85, "cgk jkt jakarta"},
    {"Bangkok", "TH", 13.76, 100.50, "bkk bangkok"},
    {"Hanoi", "VN", 21.03, 105.85, "hanoi"},
    {"Ho Chi Minh City", "VN", 10.82, 106.63, "sgn hochiminh"},
    {"Manila", "PH", 14.60, 120.98, "mnl manila"},
    {"Hong Kong", "HK", 22.32, 114.17, "hkg hnk hongkong newthk"},
    {"Taipei", "TW", 25.03, 121.57, "tpe taipei"},
    {"Seoul", "KR", 37.57, 126.98, "icn seoul"},
    {"Busan", "KR", 35.18, 129.08, "pus busan"},
    {"Tokyo", "JP", 35.68, 139.69, "tyo nrt hnd tokyo tokyjp"},
    {"Osaka", "JP", 34.69, 135.50, "osa kix itm osaka osakjp"},
    {"Beijing", "CN", 39.90, 116.41, "pek bjs beijing"},
    {"Shanghai", "CN", 31.23, 121.47, "pvg shanghai"},
    {"Guangzhou", "CN", 23.13, 113.26, "guangzhou"},
    {"Sydney", "AU", -33.87, 151.21, "syd sydney sydnau"},
    {"Melbourne", "AU", -37.81, 144.96, "mel melbourne"},
    {"Brisbane", "AU", -27.47, 153.03, "bne brisbane"},
    {"Perth", "AU", -31.95, 115.86, "perth"},
    {"Adelaide", "AU", -34.93, 138.60, "adl adelaide"},
    {"Auckland", "NZ", -36.85, 174.76, "akl auckland"},
    {"Wellington", "NZ", -41.29, 174.78, "wlg wellington"},
};
/* clang-format on */

/* Second-level labels below which national registries register domains. */
static const char second_levels[] = "ac ad co com edu gen gob gov go ltd ne net or org";

struct word {
    const char *at;
    size_t length;
};

static bool lists(const char *words, struct word word)
{
    while (*words) {
        size_t length = strcspn(words, " ");
        if (length == word.length && memcmp(words, word.at, length) == 0)
            return true;
        words += length + (words[length] == ' ');
    }
    return false;
}

/* Returns the only city that this word stands for, or NULL. */
static const struct city *city_of(struct word word)
{
    const struct city *found = NULL;
    for (size_t i = 0; i < sizeof cities / sizeof cities[0]; i++) {
        if (!lists(cities[i].words, word))
            continue;
        if (found)
            return NULL;
        found = &cities[i];
    }
    return found;
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Returns the word of letters at `at`, which may be empty. */
static struct word word_at(const char *at)
{
    struct word word = {.at = at};
    while (is_letter(at[word.length]))
        word.length++;
    return word;
}

/* Returns the city of two words joined by a dash, as in "new-york", or NULL. */
static const struct city *city_of_both(struct word first, struct word second)
{
    char both[WORD_BYTES];
    if (first.length + second.length >= sizeof both)
        return NULL;
    memcpy(both, first.at, first.length);
    memcpy(both + first.length, second.at, second.length);
    return city_of((struct word){both, first.length + second.length});
}

/* Returns the city of the word, or of this word and the next one; `word` then spans both. */
static const struct city *next_city(struct word *word)
{
    if (word->at[word->length] == '-') {
        struct word second = word_at(word->at + word->length + 1);
        const struct city *city = city_of_both(*word, second);
        if (city) {
            word->length += 1 + second.length;
            return city;
        }
    }
    return city_of(*word);
}

static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

/* Cuts the last label off the name and returns it. The first label stays; the result is then empty. */
static struct word take_label(char *name)
{
    char *dot = strrchr(name, '.');
    if (!dot)
        return (struct word){.at = name};
    *dot = '\0';
    return (struct word){dot + 1, strlen(dot + 1)};
}

/* Cuts the operator's domain off a host name. Returns false if nothing is left. */
static bool cut_domain(char *name)
{
    size_t length = strlen(name);
    if (length > 0 && name[length - 1] == '.')
        name[length - 1] = '\0';
    struct word top = take_label(name), second = take_label(name);
    if (top.length == 2 && lists(second_levels, second))
        second = take_label(name);
    return second.length > 0;
}

bool name_hint_place(const char *name, struct address_place *out)
{
    char host[ADDRESS_NAME_BYTES];
    const struct city *found = NULL;
    address_copy(host, sizeof host, name, strlen(name));
    lower(host);
    if (!cut_domain(host))
        return false;
    for (const char *at = host; *at;) {
        struct word word = word_at(at);
        const struct city *city = word.length > 0 ? next_city(&word) : NULL;
        if (city && found && city != found)
            return false;
        found = city ? city : found;
        at += word.length > 0 ? word.length : 1;
    }
    if (!found)
        return false;
    *out = (struct address_place){.has_position = true, .latitude = found->latitude, .longitude = found->longitude};
    address_copy(out->country, sizeof out->country, found->country, strlen(found->country));
    address_copy(out->city, sizeof out->city, found->name, strlen(found->name));
    return true;
}
