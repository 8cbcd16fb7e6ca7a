#!/usr/bin/env python3
"""Exports of services and address books as they come: which column is the address, with no option."""
import csv
import io
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, attempt, check, done, same  # noqa: E402

lab = Lab()
# Name, header, the cells that are filled in a row: {} are numbers. The address is the cell with "u{}@".
EXPORTS = [
    ("Mailchimp", "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,"
     "CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS", {"Email Address": "u{}@a.de", "First Name": "Ann", "Address": "{} Elm St", "OPTIN_TIME": "2026-01-02 10:00:00", "TAGS": '"a, b"'}),
    ("HubSpot", "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Last Activity Date (EST),Lead Status,Marketing contact status,Create Date,Associated Company,Associated Company IDs,"
     "Email Domain,Unsubscribed from all email", {"Record ID": "{}", "Email": "u{}@a.de", "Contact owner": "Jane Roe (jane@b.de)", "Email Domain": "a.de"}),
    ("HubSpot, owner's address first", "Record ID,Contact owner email,Work email,Email", {"Record ID": "{}", "Contact owner email": "jane@b.de", "Email": "u{}@a.de"}),
    ("Salesforce", "Salutation,First Name,Last Name,Title,Account Name,Email,Email Opt Out,Contact Owner,Contact Owner Email,Last Activity", {"Last Name": "Lee", "Email": "u{}@a.de", "Email Opt Out": "0",
                                                                                                                                           "Contact Owner Email": "jane@b.de"}),
    ("Salesforce data loader", '"ID","OWNER.EMAIL","FIRSTNAME","LASTNAME","EMAIL","HASOPTEDOUTOFEMAIL"', {'"ID"': '"003{}"', '"OWNER.EMAIL"': '"jane@b.de"', '"EMAIL"': '"u{}@a.de"'}),
    ("Klaviyo", "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,State / Region,Country,Zip Code,Latitude,Longitude,Source,IP Address,First Active,"
     "Last Active,Email Marketing Consent,Email Marketing Consent Timestamp", {"Email": "u{}@a.de", "Klaviyo ID": "01H{}", "Email Marketing Consent": "SUBSCRIBED"}),
    ("Shopify customers", "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,Default Address Address2,Default Address City,Phone,Total Spent,"
     "Total Orders,Note,Tax Exempt,Tags", {"Customer ID": "'{}", "Email": "u{}@a.de", "Accepts Email Marketing": "yes", "Note": "write to jane@b.de"}),
    ("Shopify orders", "Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Vendor,Billing Name,Notes", {"Name": "#{}", "Email": "u{}@a.de", "Accepts Marketing": "no"}),
    ("MailerLite", "Subscriber,Sent,Opens,Clicks,Subscribed,Location,Name", {"Subscriber": "u{}@a.de", "Sent": "12", "Subscribed": "2026-01-02"}),
    ("Brevo", "CONTACT ID;EMAIL;FIRSTNAME;LASTNAME;SMS;DOUBLE_OPT-IN;OPT_IN;ADDED_TIME;MODIFIED_TIME", {"CONTACT ID": "{}", "EMAIL": "u{}@a.de", "DOUBLE_OPT-IN": "1"}),
    ("Ghost", "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers", {"id": "63c{}", "email": "u{}@a.de", "subscribed_to_emails": "true"}),
    ("Substack", "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at", {"email": "u{}@a.de", "email_disabled": "false"}),
    ("listmonk", "uuid,email,name,attributes,status,created_at,updated_at", {"uuid": "0f{}", "email": "u{}@a.de", "attributes": '"{{""a"": ""x@b.de""}}"', "status": "enabled"}),
    ("Stripe customers", "id,Description,Email,Name,Created (UTC),Delinquent,Card ID,Total Spend", {"id": "cus_{}", "Description": "boss@b.de", "Email": "u{}@a.de"}),
    ("Stripe payments", "id,Created date (UTC),Amount,Currency,Description,Fee,Seller Message,Status,Customer ID,Customer Description,Customer Email,Invoice ID", {"id": "ch_{}", "Customer Email": "u{}@a.de",
                                                                                                                                                             "Seller Message": "Payment complete."}),
    ("Zoom registrations", "First Name,Last Name,Email,Address,City,Registration Time,Approval Status", {"First Name": "Ann", "Email": "u{}@a.de", "Approval Status": "approved"}),
    ("Zoom participants", "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest", {"Name (Original Name)": "Ann", "User Email": "u{}@a.de"}),
    ("Eventbrite", "Order #,Order Date,First Name,Last Name,Email,Quantity,Ticket Type,Attendee #,Group,Order Type,Currency,Total Paid,Attendee Status,Organizer Email,Buyer Email",
     {"Order #": "{}", "Email": "u{}@a.de", "Organizer Email": "events@b.de", "Buyer Email": "u{}@b.de"}),
    ("Google", "First Name,Middle Name,Last Name,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value",
     {"First Name": "Ann", "Labels": "* myContacts", "E-mail 1 - Label": "Home", "E-mail 1 - Value": "u{}@a.de", "E-mail 2 - Value": "v{}@b.de"}),
    ("Google, older", "Name,Given Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,E-mail 2 - Type,E-mail 2 - Value", {"Name": "Ann", "E-mail 1 - Type": "* Home", "E-mail 1 - Value": "u{}@a.de"}),
    ("Outlook", '"First Name","Last Name","Company","Business Street","E-mail Address","E-mail Type","E-mail Display Name","E-mail 2 Address","E-mail 2 Type","E-mail 3 Address","Notes"',
     {'"First Name"': '"Ann"', '"E-mail Address"': '"u{}@a.de"', '"E-mail Type"': '"SMTP"', '"E-mail Display Name"': '"Ann (u{}@a.de)"'}),
    ("Outlook in German", "Vorname;Nachname;Firma;E-Mail-Adresse;E-Mail-Typ;E-Mail 2: Adresse", {"Vorname": "Ann", "E-Mail-Adresse": "u{}@a.de", "E-Mail-Typ": "SMTP"}),
    ("Thunderbird", "First Name,Last Name,Display Name,Nickname,Primary Email,Secondary Email,Screen Name,Work Phone,Notes", {"First Name": "Ann", "Primary Email": "u{}@a.de", "Secondary Email": "v{}@b.de"}),
    ("a sender's column first", "From,Subject,To", {"From": "news@b.de", "Subject": "News", "To": "u{}@a.de"}),
    ("a column of one value", "mail,contact,n", {"mail": "office@b.de", "contact": "u{}@a.de", "n": "{}"}),
    ("a manager's", "account manager,customer,n", {"account manager": "m{}@b.de", "customer": "u{}@a.de", "n": "{}"}),
]


def export(header, cells, rows):
    mark = ";" if ";" in header else ","
    names = header.split(mark)
    assert all(name in names for name in cells), (header, cells)
    lines = [header]
    for n in range(rows):
        lines.append(mark.join(cells.get(name, '""' if header.startswith('"') else "").format(*([n] * 3)) for name in names))
    return "\n".join(lines) + "\n"


def table():
    for name, header, cells in EXPORTS:
        for rows in (3, 300):
            text = export(header, cells, rows)
            r = lab.run("--summary=json", stdin=text)
            found = r.summary()
            at = [i for i, line in enumerate(next(csv.reader(io.StringIO(text.splitlines()[1]), delimiter=";" if ";" in header else ",")))
                  if line == "u0@a.de"][0]
            col = [row[at] for row in csv.reader(io.StringIO(r.out.decode()), delimiter=";" if ";" in header else ",")][1:]
            check(r.status == 0 and r.out.decode() == text and found["kept"] == rows and col[0] == "u0@a.de", f"{name}, {rows} rows", r)
            # Were it another column, an address that is none would not be seen.
            broken = text.replace("u1@a.de", "u1@@a.de")
            r = lab.run(stdin=broken)
            check(r.rejects.count(b"\n") == 2 and b"syntax" in r.rejects, f"{name}: its column is judged", r)


def several_columns():
    """Two addresses of one person: the first that is filled."""
    text = "id,Email,Work email,Other\n1,,w@a.de,\n2,e@a.de,f@a.de,o@a.de\n3,,,o3@a.de\n4,bad@@a.de,g@a.de,\n5, ,,\n"
    r = lab.run("--summary=json", stdin=text)
    same([row[0] for row in r.rows()[1:]], ["1", "2"], "a second address counts where the first is blank")
    same(r.reasons(), ["empty", "syntax", "empty"], "not where it is wrong")
    check("where 'Email' is blank, 'Work email' is taken" in r.err, "which is said", r)
    r = lab.run("--email", "Other, Email,3", "--suppress", lab.write("s", "w@a.de\no@a.de\n"), stdin=text)
    same(([row[0] for row in r.rows()[1:]], r.reasons()), (["3"], ["suppressed", "suppressed", "syntax", "empty"]), "--email says which, in which order")
    r = lab.run("--email", "Email", stdin=text)
    same([row[0] for row in r.rows()[1:]], ["2"], "or that there is only one")
    r = lab.run("--email", "Email,nothing", stdin=text)
    check(r.status == 65 and "no column 'nothing' (--email)" in r.err, "each has to be there", r)
    r = lab.run("--email", "a,b", stdin='"a,b",c\na@a.de,x\n')
    same(r.out, b'"a,b",c\na@a.de,x\n', "a comma in a name")
    r = lab.run("--email", "Other,Email", stdin="id,Email,Other\n1,A@A.de,\n2, X@A.de ,Y@A.DE\n3,A@a.de\n")
    same((r.out, r.reasons()), (b"id,Email,Other\n1,A@a.de,\n2, X@A.de ,Y@a.de\n", ["duplicate"]), "the cell that counts is put into normal form, and short rows are judged by it")
    r = lab.run("--shard", "1/1", "--keep", "newest:id", "--email", "Other,Email", stdin="id,Email,Other\n1,a@a.de,\n2,,a@a.de\n")
    same(len(r.rows()), 2, "duplicates are compared by it")


def split():
    text = 'n,email,x\n1,"a@a.de; B <B@A.de>",y\n2,"Lee, Ann <c@a.de>, d@a.de e@a.de",z\n3,"f@a.de, bad",q\n4,"g@a.de\ng2@a.de",r\n5,h@a.de ::: i@a.de,s\n6,j@a.de,\n7,"a@a.de/k@a.de","u ""v"""\n' \
           '8,"l@a.de,m@@a.de",\n'
    r = lab.run("--split", "--summary=json", stdin=text)
    want = [["1", "a@a.de", "y"], ["1", "B@a.de", "y"], ["2", "c@a.de", "z"], ["2", "d@a.de", "z"], ["2", "e@a.de", "z"], ["4", "g@a.de", "r"], ["4", "g2@a.de", "r"], ["5", "h@a.de", "s"],
            ["5", "i@a.de", "s"], ["6", "j@a.de", ""], ["7", "k@a.de", 'u "v"']]
    same(r.rows()[1:], want, "--split: a row for each address")
    same([(row["n"], row["email"], row["reason"], row["line"]) for row in r.rejected()],
         [("3", "f@a.de, bad", "syntax", "4"), ("7", "a@a.de", "duplicate", "9"), ("8", "l@a.de,m@@a.de", "syntax", "10")], "what is no list of addresses stays a cell")
    found = r.summary()
    same((found["read"], found["kept"], found["rejected"], found["several_addresses"]), (14, 11, 3, 0), "each counts as a row")
    for args in (["--keep", "newest:n"], ["--no-dedupe"], ["--annotate"], ["--suggest"], ["--consent", "n=1,2,3,4,5,6,7,8"]):
        for end in ("\n", "\r\n"):
            r = lab.run("--split", *args, rejects=False, stdin=text.replace("\n", end))
            check(r.status == 0 and len({len(row) for row in r.rows()}) == 1, f"--split {args}: rows are as wide as the header, {end!r}", r)
    r = lab.run(stdin=text)
    same([row["detail"] for row in r.rejected()][:2], ["2 addresses in one cell (see --split)", "3 addresses in one cell (see --split)"], "without it they are told")
    check("5 cells have several addresses: --split makes a row of each" in r.err, "and counted", r)
    many = "email\n" + "".join(f'"u{n}@a.de;v{n}@a.de;u{n // 2}@a.de"\n' for n in range(20000))
    for args in ([], ["--memory", "1M"], ["--keep", "newest:1"]):
        plain = lab.run("--split", "--summary=json", *args, stdin=many)
        found = plain.summary()
        same((found["read"], found["kept"], found["reasons"]["duplicate"]), (60000, 40000, 20000), f"a long list {args}")
        same(lab.run("--split", *args, lab.write("many.csv", many)).out, plain.out, f"the same from a file {args}")


for part in (table, several_columns, split):
    attempt(part)
lab.close()
done()
