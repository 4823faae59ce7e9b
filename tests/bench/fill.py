import random, psycopg
from datetime import date
from models.coverage import number_index
from models.people import sealed_names
from models.identifiers import with_check_digit
def fill(url, keys, people, seed):
    r = random.Random(seed)
    given = ["Awa","Moussa","Fatoumata","Amadou","Kadia","Seydou"]; fam=["Traore","Coulibaly","Diarra","Keita","Maiga"]
    cached = {(g,f): sealed_names(keys,g,f) for g in given for f in fam}
    with psycopg.connect(url) as c:
        c.execute("INSERT INTO mutuelles(id,code,name,cercle_pcode,demo) VALUES (1,'M1','Mutuelle','ML0101',false)")
        n_h = people//5
        with c.cursor().copy("COPY households(id,commune_code) FROM STDIN") as cp:
            for i in range(1,n_h+1): cp.write_row((i,"ML010101"))
        with c.cursor().copy("COPY persons(id,household_id,relation,sex,birth_year,commune_code,pupil,disabled,names_sealed,given_key,family_key) FROM STDIN") as cp:
            for i in range(1,people+1):
                n = cached[r.choice(given), r.choice(fam)]
                cp.write_row((i,min(n_h,(i-1)//5+1),"SOI" if i%5==1 else "ENFANT","F",r.randint(1940,2020),"ML010101",False,False,n["names_sealed"],n["given_key"],n["family_key"]))
        with c.cursor().copy("COPY coverages(id,person_id,scheme,role,status,valid_from,valid_to,number_index,number_sealed,organism,missing_fcfa) FROM STDIN") as cp:
            for i in range(1,people+1):
                num = str(3_000_000_000_000+i*7); head = i%5==1
                cp.write_row((i,i,"RAMED","X","ACTIF",date(2025,1,1),date(2027,12,31), number_index(keys,"RAMED",num) if head else None, keys.seal(num,"number") if head else None,"ANAM",0))
